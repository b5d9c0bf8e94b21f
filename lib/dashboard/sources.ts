import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { findProvider } from '../nest/find-provider.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { type SidekickModuleOptions } from '../sidekick/sidekick.options.js';
import { Elections } from '../sidekick/elections/elections.service.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { PILOTED_SOURCE } from '../piloted/piloted.tokens.js';
import { type UsedRegistry } from './registry-members.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { SIDEKICK_OPTIONS, SIDEKICK_SOURCE } from '../sidekick/sidekick.tokens.js';

/** What of the library the application uses. Of a module that it does not import, the field is undefined. */
@Injectable()
export class Sources {
  constructor(
    @Optional() @Inject(DiscoveryService) readonly discovery: DiscoveryService | undefined,
    @Optional() @Inject(Sidekick) readonly sidekick: Sidekick | undefined,
    @Optional() @Inject(Elections) readonly elections: Elections | undefined,
    private readonly modules: ModuleRef,
  ) {}

  /** The registries that the modules of this application use. Modules with the same registry share it. */
  get registries(): readonly UsedRegistry[] {
    const sources = [
      {
        usedBy: 'SidekickModule',
        source: (findProvider(this.modules, SIDEKICK_SOURCE) as { source: RegistrySource } | undefined)
          ?.source,
      },
      {
        usedBy: 'PilotedModule',
        source: findProvider(this.modules, PILOTED_SOURCE) as RegistrySource | undefined,
      },
    ];
    const used = new Map<string, UsedRegistry>();
    for (const { usedBy, source } of sources) {
      if (!source) continue;
      const { identity } = source;
      used.set(identity, { source, usedBy: [...(used.get(identity)?.usedBy ?? []), usedBy] });
    }
    return [...used.values()];
  }

  /** The heading of the page when it is given none: the name of the registered service. */
  get title(): string {
    const options = findProvider(this.modules, SIDEKICK_OPTIONS) as SidekickModuleOptions | undefined;
    return options?.service?.name ?? 'nestjs-sidekick';
  }
}
