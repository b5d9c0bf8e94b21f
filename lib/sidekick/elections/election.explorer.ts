import { type ModulesContainer } from '@nestjs/core';
import { type Election } from '../../election/election.js';
import { decoratedMethods, type FoundMethod, methodsWith } from '../../nest/decorated-methods.js';
import { isInjected } from '../../nest/is-injected.js';
import { SIDEKICK_ELECTIONS } from '../sidekick.tokens.js';
import { bindProperty } from './bound-properties.js';
import { getElectionToken, recordedElections } from './election-token.js';
import { Elections } from './elections.service.js';
import { type JobMetadata, LEADER_ONLY, LOCKED, ON_DEPOSED, ON_ELECTED } from './job-metadata.js';
import { type LeadershipListener } from './leadership-listeners.js';

/** The elections and locks that the decorators of an application use. */
export interface FoundElections {
  /** Elections in which this instance is a candidate. */
  readonly candidates: ReadonlySet<Election>;
  readonly listeners: readonly LeadershipListener[];
  /** Names of locks. */
  readonly locks: ReadonlySet<string>;
  /** The methods with `@LeaderOnly` or `@Locked`, for messages: `ReportService.nightly`. */
  readonly jobs: readonly string[];
  /** Those of them that `@nestjs/schedule` should call. */
  readonly scheduled: readonly string[];
}

/** Metadata key of `@Cron`, `@Interval` and `@Timeout`. */
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';

/** Finds the methods with `@LeaderOnly`, `@Locked`, `@OnElected` and `@OnDeposed`. */
export class ElectionExplorer {
  private decorated = false;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly elections: Elections,
  ) {}

  /** Whether the application uses elections or locks, by a decorator or by injection. Known after {@link explore}. */
  get used(): boolean {
    if (this.decorated) return true;
    const others = [...this.modules.values()].filter((module) => !module.hasProvider(SIDEKICK_ELECTIONS));
    return [Elections, ...recordedElections().map(getElectionToken)].some((token) =>
      isInjected(token, others),
    );
  }

  /**
   * Returns what the decorators name, and provides it to the instances that Nest did not construct.
   *
   * @throws InvalidOptionError when a class uses the election with the default name, and there is no such name
   * @throws InvalidOptionError when a method with `@OnElected` or `@OnDeposed` belongs to a transient or request-scoped
   * provider
   */
  explore(): FoundElections {
    const jobs = new Map<string, boolean>();
    if (recordedElections().includes(undefined) && isInjected(getElectionToken(), [...this.modules.values()]))
      this.elections.of();
    const candidates = new Set<Election>();
    for (const found of methodsWith<readonly JobMetadata[]>(this.modules, LEADER_ONLY)) {
      jobs.set(found.where, isScheduled(found));
      for (const { name, property } of found.metadata) {
        const election = this.elections.of(name);
        candidates.add(election);
        bind(found, property, election);
      }
    }
    const listeners = [...this.listeners(ON_ELECTED, 'elected'), ...this.listeners(ON_DEPOSED, 'deposed')];
    for (const { election } of listeners) candidates.add(election);
    const locks = this.locks(jobs);
    this.decorated = candidates.size > 0 || locks.size > 0;
    const scheduled = [...jobs].flatMap(([where, is]) => (is ? [where] : []));
    return { candidates, listeners, locks, jobs: [...jobs.keys()], scheduled };
  }

  private listeners(key: string, type: LeadershipListener['type']): readonly LeadershipListener[] {
    const decorator = type === 'elected' ? '@OnElected' : '@OnDeposed';
    return decoratedMethods<readonly JobMetadata[]>(this.modules, key, decorator).flatMap(
      ({ metadata, where, call }) =>
        metadata.map(({ name }) => ({ type, election: this.elections.of(name), where, call })),
    );
  }

  private locks(jobs: Map<string, boolean>): ReadonlySet<string> {
    const names = new Set<string>();
    for (const found of methodsWith<readonly JobMetadata[]>(this.modules, LOCKED)) {
      jobs.set(found.where, isScheduled(found));
      for (const { name, property } of found.metadata) {
        if (name !== undefined) names.add(name);
        bind(found, property, this.elections);
      }
    }
    return names;
  }
}

function bind({ single, target }: FoundMethod<unknown>, property: symbol, value: unknown): void {
  if (single && Reflect.get(target, property) === undefined) bindProperty(target, property, value);
}

function isScheduled({ target, name }: FoundMethod<unknown>): boolean {
  const method: unknown = Reflect.get(target, name);
  return typeof method === 'function' && Reflect.hasMetadata(SCHEDULER_TYPE, method);
}
