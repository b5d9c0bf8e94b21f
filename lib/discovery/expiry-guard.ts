import { type Clock } from '../common/clock.js';

/** When many endpoints of a service expire together, the registry is doubted before they are. */
export interface ExpiryGuardOptions {
  /** Share of a service, from 0 to 1, that may expire within one window; 0.15 by default, and always one endpoint. */
  readonly threshold?: number;
  /** Milliseconds of the window; 10,000 by default. */
  readonly window?: number;
  /** Milliseconds for which those beyond stay in the list as suspects; 30,000 by default. */
  readonly grace?: number;
}

/** Every default of the guard. */
export const DEFAULT_EXPIRY_GUARD: Readonly<Required<ExpiryGuardOptions>> = Object.freeze({
  threshold: 0.15,
  window: 10_000,
  grace: 30_000,
});

/** Counts expiries in a sliding window and says when there are too many at once. */
export class ExpiryGuard {
  readonly grace: number;
  private readonly threshold: number;
  private readonly window: number;
  private recent: { readonly at: number; readonly expired: number; readonly gone: number }[] = [];

  constructor(
    options: ExpiryGuardOptions,
    private readonly clock: Clock,
  ) {
    const { threshold, window, grace } = { ...DEFAULT_EXPIRY_GUARD, ...options };
    this.threshold = threshold;
    this.window = window;
    this.grace = grace;
  }

  /**
   * Whether `expired` endpoints that go together are suspects, to be kept for the grace.
   *
   * @param population how many the service has before they go
   */
  suspects(expired: number, population: number): boolean {
    if (expired === 0) return false;
    const now = this.clock.now();
    this.recent = this.recent.filter(({ at }) => now - at < this.window);
    const total = expired + this.recent.reduce((sum, burst) => sum + burst.expired, 0);
    // Those that went within the window were part of the service when it began.
    const initial = population + this.recent.reduce((sum, burst) => sum + burst.gone, 0);
    const suspect = total > Math.max(1, this.threshold * initial);
    this.recent.push({ at: now, expired, gone: suspect ? 0 : expired });
    return suspect;
  }
}
