import { type Random } from '../random.js';

/** Bounds of the delay between attempts. */
export interface BackoffOptions {
  /** Upper bound of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly capMs: number;
}

/** The backoff of the library's retries unless a caller passes its own: 100 ms, doubling to 5 s. */
export const DEFAULT_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 5_000 });

/**
 * Exponential backoff with jitter, against a thundering herd of clients that lost the same server. While the bound
 * grows, each delay is uniform in [0, base × 2^n), which spreads the clients. At the cap it is uniform in
 * [cap / 2, cap), which keeps them spread and limits how often each one tries.
 */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly options: BackoffOptions = DEFAULT_BACKOFF,
    private readonly random: Random = Math.random,
  ) {}

  /** Returns the next delay, in milliseconds. */
  next(): number {
    const { baseMs, capMs } = this.options;
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.attempts, 30));
    const least = bound === capMs ? capMs / 2 : 0;
    this.attempts += 1;
    return least + this.random() * (bound - least);
  }

  /** Starts again at the first delay. Call it after a success. */
  reset(): void {
    this.attempts = 0;
  }
}
