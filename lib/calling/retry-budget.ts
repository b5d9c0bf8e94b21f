import { type Clock } from '../common/clock.js';
import { RETRY_DEFAULTS, type RetryOptions } from '../balancing/retry-options.js';

/** Least time between two warnings about an exhausted budget. */
const WARN_EVERY_MS = 60_000;

/** Length of the window in seconds, as in Finagle's retry budget. */
const WINDOW_S = 10;
const BUCKET_MS = 1_000;

interface Bucket {
  calls: number;
  retries: number;
}

/** The window and the bucket that has begun. */
const BUCKETS = WINDOW_S + 1;

/**
 * Limits the retries of all calls of a service, so that an outage is not answered by a multiple of the load. In the 10 s
 * that end with any retry, retries are at most `budget` × the calls begun in them + `minPerSecond` × 10.
 *
 * A retry stays counted until its second has left the window completely, and a call only while its whole second is in the
 * window, so that the limit holds for every window and not on average.
 */
export class RetryBudget {
  private readonly buckets = Array.from({ length: BUCKETS }, (): Bucket => ({ calls: 0, retries: 0 }));
  /** Number of the current second since the clock's origin. */
  private second = 0;
  private warnedAtMs = -Infinity;
  private readonly perCall: number;
  private readonly reserve: number;

  constructor(
    private readonly clock: Clock,
    { budget, minPerSecond }: Pick<RetryOptions, 'budget' | 'minPerSecond'> = {},
  ) {
    this.perCall = budget ?? RETRY_DEFAULTS.budget;
    this.reserve = (minPerSecond ?? RETRY_DEFAULTS.minPerSecond) * WINDOW_S;
  }

  /** Counts a call. */
  onCall(): void {
    this.current().calls += 1;
  }

  /** The calls and retries of the window. */
  get window(): Readonly<Bucket> {
    this.current();
    const sum = { calls: 0, retries: 0 };
    for (const { calls, retries } of this.buckets) {
      sum.calls += calls;
      sum.retries += retries;
    }
    return sum;
  }

  /** Takes the token for one retry. Returns false when the budget is spent. */
  take(): boolean {
    const current = this.current();
    const oldest = this.buckets[(this.second + 1) % BUCKETS];
    let calls = -(oldest?.calls ?? 0);
    let retries = 1;
    for (const bucket of this.buckets) {
      calls += bucket.calls;
      retries += bucket.retries;
    }
    if (retries > calls * this.perCall + this.reserve) return false;
    current.retries += 1;
    return true;
  }

  /** Whether an exhausted budget is to be logged now: once a minute. */
  mayWarn(): boolean {
    const now = this.clock.now();
    if (now - this.warnedAtMs < WARN_EVERY_MS) return false;
    this.warnedAtMs = now;
    return true;
  }

  /** The bucket of this second. Empties those that have left the window. */
  private current(): Bucket {
    const second = Math.floor(this.clock.now() / BUCKET_MS);
    for (let step = Math.min(second - this.second, BUCKETS); step > 0; step--)
      this.buckets[(second - step + 1) % BUCKETS] = { calls: 0, retries: 0 };
    this.second = second;
    return (this.buckets[second % BUCKETS] ??= { calls: 0, retries: 0 });
  }
}
