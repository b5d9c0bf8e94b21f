import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { type SidekickModuleOptions } from '../sidekick/sidekick.options.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { SIDEKICK_OPTIONS } from '../sidekick/sidekick.tokens.js';

/** What of the library the application uses. Of a module that it does not import, the field is undefined. */
@Injectable()
export class Sources {
  constructor(
    @Optional() @Inject(DiscoveryService) readonly discovery: DiscoveryService | undefined,
    @Optional() @Inject(Sidekick) readonly sidekick: Sidekick | undefined,
    private readonly modules: ModuleRef,
  ) {}

  /** The heading of the page when it is given none: the name of the registered service. */
  get title(): string {
    if (!this.sidekick) return 'nestjs-sidekick';
    const { service } = this.modules.get<SidekickModuleOptions>(SIDEKICK_OPTIONS, { strict: false });
    return service?.name ?? 'nestjs-sidekick';
  }
}
