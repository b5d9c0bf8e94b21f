import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Clock } from '../../common/clock.js';
import { type Logger } from '../../common/logger.js';
import { SIDEKICK_CLOCK, SIDEKICK_LOGGER } from '../sidekick.tokens.js';
import { ElectionExplorer, type FoundElections } from './election.explorer.js';
import { Elections } from './elections.service.js';
import { LeadershipListeners } from './leadership-listeners.js';
import { warnOfTwoSchedules } from './schedule-warning.js';

/** The decorated methods of the application in the course of its life. Called by `SidekickLifecycle`. */
@Injectable()
export class ElectionJobs {
  private readonly listeners: LeadershipListeners;
  private found: FoundElections = { candidates: new Set(), listeners: [], locks: new Set() };

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ElectionExplorer) private readonly explorer: ElectionExplorer,
    @Inject(Elections) private readonly elections: Elections,
    @Inject(SIDEKICK_CLOCK) clock: Clock,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
  ) {
    this.listeners = new LeadershipListeners(clock, logger);
  }

  /**
   * Begins to observe the elections and locks of the decorators. Returns whether there are any.
   *
   * @throws InvalidOptionError for a decorator that cannot work
   * @throws RegistryRefusedError for a read-only registry
   */
  observe(): boolean {
    this.found = this.explorer.explore();
    for (const lock of this.found.locks) this.elections.observeLock(lock);
    return this.found.candidates.size + this.found.locks.size > 0;
  }

  /** Campaigns, once the application has booted. */
  start(): void {
    const { candidates, listeners, locks } = this.found;
    if (candidates.size + locks.size > 0) warnOfTwoSchedules(this.modules, this.logger);
    this.listeners.start(listeners);
    for (const election of candidates) this.elections.candidate(election);
  }

  /** Waits up to `graceMs` for the methods with `@OnElected` and `@OnDeposed` that run. */
  async settle(graceMs: number): Promise<void> {
    await this.listeners.settle(graceMs);
  }

  close(): void {
    this.listeners.close();
  }
}
