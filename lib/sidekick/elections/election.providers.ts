import { Inject, Injectable, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Election } from '../../election/election.js';
import { getElectionToken, onElectionName, recordedElections } from './election-token.js';
import { Elections } from './elections.service.js';

/** Provides the election of a token. */
export function electionProvider(name: string | undefined): Provider {
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
    const token = getElectionToken(name);
    for (const module of this.modules.values()) {
      if (!module.hasProvider(LateElections) || module.hasProvider(token)) continue;
      module.addProvider(electionProvider(name));
      module.addExportedProviderOrModule(token);
    }
  }

  onModuleDestroy(): void {
    this.removeListener();
  }
}
