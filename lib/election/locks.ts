/** Options of {@link Locks.acquire}. */
export interface AcquireOptions {
  /** Milliseconds after which the lock is free although the job still runs. The run's signal aborts then. */
  readonly lockAtMostForMs: number;
  /**
   * Milliseconds for which the lock stays taken although the job has ended, counted from the call.
   *
   * @default 0
   */
  readonly lockAtLeastForMs?: number;
  /**
   * Name of the job in the WARN about one that outlives `grace`, such as `Invoices.send`.
   *
   * @default 'an unnamed job'
   */
  readonly label?: string;
  /** Ends the attempt to acquire. It has no effect on a granted run. */
  readonly signal?: AbortSignal;
}

/** Why a run was skipped. */
export type SkipReason =
  /** Another run of this name is in progress, in this process or in another one. */
  | 'running'
  /** `lockAtLeastForMs` of an earlier run has not passed. */
  | 'held'
  /** The registry does not answer, or the session in it is not renewed. Logged once per outage. */
  | 'unreachable'
  /** The application stops. */
  | 'closed';

/** One granted run. */
export interface LockRun {
  readonly name: string;
  /** Fencing token: a decimal integer as a string that grows with every run of this name. Compare it as an integer. */
  readonly term: string;
  /** Whether the lock is still held. Reads the monotonic clock. */
  readonly isHeld: boolean;
  /** Aborted after `lockAtMostForMs`, when the lock is lost, and when the application stops. */
  readonly signal: AbortSignal;
  /**
   * Ends the run: frees the lock in the background, at once or when `lockAtLeastForMs` has passed. Never throws. A second
   * call does nothing.
   */
  end(): void;
}

/** The result of {@link Locks.acquire}. */
export type Acquired =
  | { readonly granted: true; readonly run: LockRun }
  | { readonly granted: false; readonly reason: SkipReason };

/** Locks over all instances: one run of a name at a time. A lock that is taken is skipped, never waited for. */
export interface Locks {
  /**
   * Observes a lock from now on. Time that a record of another instance still has to run counts from its first sight, so
   * call it at boot for every name that is acquired later.
   */
  observe(name: string): void;

  /**
   * Takes the lock of `name` for one run, or skips. One attempt, bounded in time; rejects only for invalid arguments.
   *
   * @throws InvalidOptionError for an invalid name or invalid durations
   */
  acquire(name: string, options: AcquireOptions): Promise<Acquired>;
}
