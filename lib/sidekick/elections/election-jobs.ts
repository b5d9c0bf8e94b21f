import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Clock } from '../../common/clock.js';
import { type Logger } from '../../common/logger.js';
import { SIDEKICK_CLOCK, SIDEKICK_LOGGER, SIDEKICK_OPTIONS } from '../sidekick.tokens.js';
import { ElectionExplorer, type FoundElections } from './election.explorer.js';
import { Elections } from './elections.service.js';
import { LeadershipListeners } from './leadership-listeners.js';
import { warnOfSchedules } from './schedule-warning.js';
import { type SidekickModuleOptions } from '../sidekick.options.js';

/** The decorated methods of the application in the course of its life. Called by `SidekickLifecycle`. */
@Injectable()
export class ElectionJobs {
  private readonly explorer: ElectionExplorer;
  private readonly listeners: LeadershipListeners;
  private readonly enabled: boolean;
  private found: FoundElections = {
    candidates: new Set(),
    listeners: [],
    locks: new Set(),
    jobs: [],
    scheduled: [],
  };

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(Elections) private readonly elections: Elections,
    @Inject(SIDEKICK_CLOCK) clock: Clock,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
    @Inject(SIDEKICK_OPTIONS) { enabled }: SidekickModuleOptions,
  ) {
    this.explorer = new ElectionExplorer(modules, elections);
    this.enabled = enabled !== false;
    this.listeners = new LeadershipListeners(clock, logger);
  }

  /** Whether the application uses elections or locks, by a decorator or by injection. Known after {@link observe}. */
  get used(): boolean {
    return this.explorer.used;
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
    const { candidates, listeners, locks, jobs, scheduled } = this.found;
    if (candidates.size + locks.size > 0) warnOfSchedules(this.modules, scheduled, this.logger);
    if (!this.enabled && jobs.length > 0)
      this.logger.log(
        `SidekickModule has \`enabled: false\`: this process never leads, and does not run ${jobs.join(', ')}.`,
      );
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
