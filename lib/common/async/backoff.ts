import { type Random } from '../random.js';

/** How long to wait between attempts, in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly baseMs: number;
  /** Upper bound of any wait. */
  readonly capMs: number;
}

/** Retries of the library, unless a place names its own: 100 ms doubling to 5 s. */
export const DEFAULT_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 5_000 });

/**
 * Exponential backoff with jitter, so that clients that lost a server together do not come back together. While it
 * grows, each wait is uniform in [0, base × 2^n): that takes them apart. At its cap it is uniform in [cap / 2, cap):
 * that keeps them apart, with as few tries as the cap allows.
 */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly options: BackoffOptions = DEFAULT_BACKOFF,
    private readonly random: Random = Math.random,
  ) {}

  /** The next wait in milliseconds. */
  next(): number {
    const { baseMs, capMs } = this.options;
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.attempts, 30));
    const least = bound === capMs ? capMs / 2 : 0;
    this.attempts += 1;
    return least + this.random() * (bound - least);
  }

  /** Starts again at the first wait, after a success. */
  reset(): void {
    this.attempts = 0;
  }
}
