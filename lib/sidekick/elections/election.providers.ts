import { Inject, Injectable, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Clock } from '../../common/clock.js';
import { type Logger } from '../../common/logger.js';
import { createElections } from '../../election/create-elections.js';
import { type ElectionClient } from '../../election/election-client.js';
import { type Election } from '../../election/election.js';
import { addLateProvider, type StringProvider } from '../../nest/add-late-provider.js';
import { type WorkerThread } from '../../registration/worker/worker-thread.js';
import { type SharedRegistry } from '../../registry/registry-pool.js';
import { processName } from '../process-name.js';
import { SIDEKICK_DEFAULTS } from '../sidekick.defaults.js';
import { type SidekickModuleOptions } from '../sidekick.options.js';
import {
  SIDEKICK_CLOCK,
  SIDEKICK_ELECTIONS,
  SIDEKICK_LOGGER,
  SIDEKICK_REGISTRY,
  SIDEKICK_REGISTRY_URL,
  SIDEKICK_WORKER,
} from '../sidekick.tokens.js';
import { DISABLED_ELECTIONS } from './disabled-elections.js';
import { getElectionToken, onElectionName, recordedElections } from './election-token.js';
import { Elections } from './elections.service.js';
import { LazyElectionClient } from './lazy-election-client.js';

/**
 * Provides the client of elections and locks.
 *
 * @param checkedOptions token of the checked options
 */
export function electionClientProvider(checkedOptions: symbol): Provider {
  return {
    provide: SIDEKICK_ELECTIONS,
    inject: [
      checkedOptions,
      SIDEKICK_REGISTRY,
      SIDEKICK_WORKER,
      SIDEKICK_REGISTRY_URL,
      SIDEKICK_LOGGER,
      SIDEKICK_CLOCK,
      ModulesContainer,
    ],
    useFactory: async (
      { ttl = SIDEKICK_DEFAULTS.ttl }: SidekickModuleOptions,
      pooled: SharedRegistry | undefined,
      thread: WorkerThread | undefined,
      url: string,
      logger: Logger,
      clock: Clock,
      { applicationId }: ModulesContainer,
    ): Promise<ElectionClient> => {
      const deps = { clock, logger, ttl, applicationId };
      if (thread) {
        const { createWorkerElections, electionChannel } =
          await import('../../registration/worker/worker-elections.js');
        const channel = electionChannel(thread);
        return new LazyElectionClient(() => createWorkerElections({ ...deps, url, channel }));
      }
      if (!pooled) return DISABLED_ELECTIONS;
      const { registry } = pooled;
      const random = Math.random;
      return new LazyElectionClient(() =>
        createElections({ ...deps, registry, random, name: processName() }),
      );
    },
  };
}

/** Provides the election of a token. */
export function electionProvider(name: string | undefined): StringProvider<Election> {
  return {
    provide: getElectionToken(name),
    inject: [Elections],
    useFactory: (elections: Elections): Election => elections.injected(name),
  };
}

/** Provides the elections that only classes name which are loaded after the application was created, such as lazy modules. */
@Injectable()
export class LateElections implements OnModuleDestroy {
  private readonly removeListener: () => void;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {
    this.removeListener = onElectionName(this);
    for (const name of recordedElections()) this.onName(name);
  }

  onName(name: string | undefined): void {
    addLateProvider(this.modules, LateElections, electionProvider(name));
  }

  onModuleDestroy(): void {
    this.removeListener();
  }
}
