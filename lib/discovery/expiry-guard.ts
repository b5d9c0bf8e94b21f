import { type Clock } from '../common/clock.js';

/** Options of an {@link ExpiryGuard}. */
export interface ExpiryGuardOptions {
  /**
   * Share of a service's endpoints, from 0 to 1, that may expire within one window. One endpoint always may.
   *
   * @default 0.15
   */
  readonly threshold?: number;
  /**
   * Length of the window in milliseconds.
   *
   * @default 10_000
   */
  readonly windowMs?: number;
  /**
   * Time in milliseconds that suspect endpoints stay in the list.
   *
   * @default 30_000
   */
  readonly graceMs?: number;
}

/** The defaults of the guard. */
export const DEFAULT_EXPIRY_GUARD: Readonly<Required<ExpiryGuardOptions>> = Object.freeze({
  threshold: 0.15,
  windowMs: 10_000,
  graceMs: 30_000,
});

/**
 * Treats a mass expiry as a registry problem rather than as instances going down: counts expiries in a sliding window
 * and reports when there are too many.
 */
export class ExpiryGuard {
  readonly graceMs: number;
  private readonly threshold: number;
  private readonly windowMs: number;
  private recent: { readonly at: number; readonly expired: number; readonly removed: number }[] = [];

  constructor(
    options: ExpiryGuardOptions,
    private readonly clock: Clock,
  ) {
    const { threshold, windowMs, graceMs } = { ...DEFAULT_EXPIRY_GUARD, ...options };
    this.threshold = threshold;
    this.windowMs = windowMs;
    this.graceMs = graceMs;
  }

  /**
   * Whether `expired` endpoints that expire together are suspect, and stay in use for {@link ExpiryGuard.graceMs}.
   *
   * @param population number of endpoints of the service before they expire
   */
  suspects(expired: number, population: number): boolean {
    if (expired === 0) return false;
    const now = this.clock.now();
    this.recent = this.recent.filter(({ at }) => now - at < this.windowMs);
    const total = expired + this.recent.reduce((sum, burst) => sum + burst.expired, 0);
    // Endpoints removed within the window were part of the service when the window began.
    const initial = population + this.recent.reduce((sum, burst) => sum + burst.removed, 0);
    const suspect = total > Math.max(1, this.threshold * initial);
    this.recent.push({ at: now, expired, removed: suspect ? 0 : expired });
    return suspect;
  }
}
