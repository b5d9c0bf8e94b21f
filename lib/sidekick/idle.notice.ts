import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Logger } from '../common/logger.js';
import { isInjected } from '../nest/is-injected.js';
import { ElectionExplorer } from './elections/election.explorer.js';
import { plannedServices } from './planned-service.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { SIDEKICK_CONFIG, SIDEKICK_LOGGER, SIDEKICK_OPTIONS } from './sidekick.tokens.js';

/** Warns when the module has nothing to register, which usually means a forgotten or misspelt option. */
@Injectable()
export class IdleNotice implements OnApplicationBootstrap {
  private checked = false;

  constructor(
    @Inject(SIDEKICK_OPTIONS) private readonly options: SidekickModuleOptions,
    @Inject(SIDEKICK_CONFIG) private readonly config: ContainerPilotConfig | undefined,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
    @Inject(Sidekick) private readonly sidekick: Sidekick,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ElectionExplorer) private readonly elections: ElectionExplorer,
  ) {}

  onApplicationBootstrap(): void {
    const { options, config, sidekick } = this;
    // A microservice that is initialised before it listens runs its hooks twice.
    if (this.checked) return;
    this.checked = true;
    if (options.enabled === false || sidekick.beats.length > 0) return;
    if (options.key !== undefined || plannedServices(options, config).length > 0) return;
    const others = [...this.modules.values()].filter((module) => !module.hasProvider(IdleNotice));
    if (isInjected(Sidekick, others) || this.elections.used) return;
    this.logger.warn(
      'SidekickModule has nothing to register: it has no `service`, `key` or `config` with a service, no method carries @Heartbeat, @LeaderOnly or @Locked, and no class injects Sidekick or Elections. Set an option, or remove the import.',
    );
  }
}
