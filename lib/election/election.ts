import { type Observable } from 'rxjs';

/** The holder of an election. */
export interface Leader {
  /** Id of the leader's session in the registry. A process that restarts gets another id. */
  readonly id: string;
  /** Fencing token: a decimal integer as a string that grows with every leader. Compare it as an integer. */
  readonly term: string;
  /** The leader's process, as `host:pid`. For people; {@link Leader.id} identifies it. */
  readonly name: string;
  /** When the term began, as an ISO 8601 date of the leader's wall clock. For people only: clocks differ. */
  readonly since: string;
  /** What the leader passed to {@link Election.campaign}. */
  readonly meta: Readonly<Record<string, string>>;
}

/** Why leadership was lost. */
export type DeposedReason =
  /** No write of the record was acknowledged within the TTL minus the margin. */
  | 'expired'
  /** The session has ended: the registry no longer knows it, or with `isolate` the thread that renews it has died. */
  | 'session-gone'
  /** With `isolate`: the event loop did not run for `maxHang`. */
  | 'hung'
  /** The record was removed or replaced by another client. */
  | 'record-lost'
  /** {@link Election.resign}. */
  | 'resigned'
  /** The application stops. */
  | 'shutdown';

/** One change of an election. */
export interface ElectionChange {
  /** `elected`, `deposed`: this instance. `leader`: another instance leads, or no instance is known to lead. */
  readonly type: 'elected' | 'deposed' | 'leader';
  /** The term that began or ended; for `leader` that of the new leader, undefined without one. */
  readonly term: string | undefined;
  /** The leader after the change, as far as this instance knows. */
  readonly leader: Leader | undefined;
  /** Set with `deposed`. */
  readonly reason?: DeposedReason;
}

/** Options of {@link Election.campaign}. */
export interface CampaignOptions {
  /**
   * Data of this instance that the others see while it leads, such as its host. At most 4 KiB as JSON.
   *
   * @default {}
   */
  readonly meta?: Readonly<Record<string, string>>;
}

/** The leadership of one run of a job. The run ends with {@link LeaderRun.end}. */
export interface LeaderRun {
  /** The term in which the run began, to fence its writes. */
  readonly term: string;
  /** Aborted when leadership is lost, by {@link Election.resign} and when the application stops. Each run has its own. */
  readonly signal: AbortSignal;
  /** Must be called when the job has ended. Leadership is not released before. A second call does nothing. */
  end(): void;
}

/**
 * One election: of all instances that campaign, the first leads until it resigns, stops or loses the registry.
 *
 * A lease is not mutual exclusion: a process that is paused after it has read `isLeader` acts late. Pass `term` with each
 * write to a store that refuses a lower one.
 */
export interface Election {
  /** Name of the election, equal in all instances. */
  readonly name: string;

  /**
   * Whether this instance leads. Reads the monotonic clock: false as soon as the last acknowledged write of the record is
   * older than the TTL minus a margin, also right after the process was paused. False from the start of a shutdown.
   */
  readonly isLeader: boolean;

  /** The term of this instance while it leads; else undefined. */
  readonly term: string | undefined;

  /** The leader that this instance knows of, itself included. */
  readonly leader: Leader | undefined;

  /** Emits each change. Completes when the application has stopped. */
  readonly changes: Observable<ElectionChange>;

  /** Aborted when the current term ends. Aborted already while this instance does not lead. */
  readonly signal: AbortSignal;

  /**
   * Makes this instance a candidate, or replaces its `meta`. A second call without options does nothing.
   *
   * @throws InvalidOptionError when `meta` is no object of strings, or too large
   */
  campaign(options?: CampaignOptions): void;

  /**
   * Ends leadership and candidacy. Signals are aborted at once; another instance leads as soon as the jobs of this one have
   * ended. Resolves when the record is released, or when the registry cannot be reached. A job of this election must not
   * wait for it, since it waits for the jobs.
   */
  resign(): Promise<void>;

  /**
   * Begins a run of a job; undefined unless this instance leads. The caller must end the run.
   *
   * @param label Name of the job in the WARN about one that outlives `grace`, such as `ReportService.nightly`.
   * @default 'an unnamed job'
   */
  begin(label?: string): LeaderRun | undefined;
}
