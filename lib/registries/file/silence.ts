import { type Clock } from '../../common/clock.js';
import { SIGN_OF_LIFE_MS } from '../../registry/registry.js';

/** The longest time between two looks of a watch at what was read last. */
export const LOOK_INTERVAL_MS = SIGN_OF_LIFE_MS / 2;

/**
 * How long a folder could not be read, as a watch sees it that looks every {@link LOOK_INTERVAL_MS}. A look that comes later
 * shows that this process did not run, so that it could not have read either: the rest of that time does not count.
 */
export class Silence {
  private lookedAt: number;
  private readAt: number | undefined;
  private silentMs = 0;

  constructor(private readonly clock: Clock) {
    this.lookedAt = clock.now();
  }

  /**
   * Looks, and returns the milliseconds without a read.
   *
   * @param readAt when the last read ended; undefined if none has
   */
  look(readAt: number | undefined): number {
    const now = this.clock.now();
    if (readAt !== undefined && readAt !== this.readAt) {
      this.readAt = readAt;
      this.lookedAt = readAt;
      this.silentMs = 0;
    }
    this.silentMs += Math.min(now - this.lookedAt, LOOK_INTERVAL_MS);
    this.lookedAt = now;
    return this.silentMs;
  }
}
