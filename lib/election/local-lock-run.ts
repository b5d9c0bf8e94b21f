import { setMaxListeners } from 'node:events';
import { type Clock, type Timer } from '../common/clock.js';
import { UNNAMED_JOB } from './job-labels.js';
import { LockLostError, type LockLostReason } from './lock-lost.error.js';
import { type LockRun } from './locks.js';

/** What a {@link LocalLockRun} needs. */
export interface LockRunOptions {
  readonly clock: Clock;
  readonly name: string;
  readonly term: string;
  /**
   * Name of the job, for messages.
   *
   * @default 'an unnamed job'
   */
  readonly label?: string | undefined;
  /** When `lockAtMostForMs` ends, in milliseconds of the monotonic clock. */
  readonly expiresAt: number;
  /** When the session ends without a further acknowledgement. */
  readonly sessionEndsAt: () => number;
  /** Called when `lockAtMostForMs` has passed. */
  readonly onExpired: () => void;
  /** Called once, when the job has ended. */
  readonly onEnd: () => void;
}

/** A run that holds its lock until it ends, or loses it. */
export class LocalLockRun implements LockRun {
  private readonly controller = new AbortController();
  private timer: Timer | undefined;
  private ended = false;

  constructor(private readonly options: LockRunOptions) {
    setMaxListeners(0, this.controller.signal);
    this.watch();
  }

  get name(): string {
    return this.options.name;
  }

  get term(): string {
    return this.options.term;
  }

  get label(): string {
    return this.options.label ?? UNNAMED_JOB;
  }

  /** When the lock is free although the job still runs, in milliseconds of the monotonic clock. */
  get expiresAt(): number {
    return this.options.expiresAt;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isHeld(): boolean {
    return !this.ended && !this.signal.aborted && this.options.clock.now() < this.deadline;
  }

  /** Whether the registry no longer has the record of this run. */
  get hasLostRecord(): boolean {
    const { reason } = this.signal as { readonly reason: unknown };
    return (
      reason instanceof LockLostError && (reason.reason === 'session-gone' || reason.reason === 'record-lost')
    );
  }

  /** Whether the job has not ended. */
  get active(): boolean {
    return !this.ended;
  }

  /** Aborts the signal. */
  lose(reason: LockLostReason): void {
    if (!this.ended && !this.signal.aborted) this.controller.abort(new LockLostError(this.name, reason));
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.timer?.cancel();
    this.options.onEnd();
  }

  private get deadline(): number {
    return Math.min(this.options.expiresAt, this.options.sessionEndsAt());
  }

  /** Waits for the deadline, which each renewal of the session moves. */
  private watch(): void {
    const { clock, expiresAt } = this.options;
    const until = this.signal.aborted ? expiresAt : this.deadline;
    this.timer = clock.after(until - clock.now(), () => {
      const now = clock.now();
      if (now >= expiresAt) {
        this.lose('lock-at-most-for');
        this.options.onExpired();
        return;
      }
      if (now >= this.deadline) this.lose('expired');
      this.watch();
    });
  }
}
