/** Weight of a faster response in the smoothed round trip. */
const FASTER_SAMPLE_SHARE = 0.25;

/** Factor by which the timeout of the next request exceeds one that was too short. */
const BACKOFF_FACTOR = 2;

/** Round trips that the timeout of a renewal allows for: connect, request, and one in reserve. */
export const ROUND_TRIPS = 3;

/**
 * Estimates the round trip to the registry. A slower response counts in full and at once, a faster one gradually. A
 * request without a response counts too: a round trip longer than the timeout is never measured otherwise.
 */
export class RoundTrip {
  private estimateMs = 0;
  /** Whether the estimate is from an opening, which takes several round trips. */
  private isRough = false;

  /** Milliseconds; 0 while unknown. */
  get ms(): number {
    return this.estimateMs;
  }

  /** A session was opened within `tookMs`. */
  opened(tookMs: number): void {
    this.estimateMs = tookMs;
    this.isRough = true;
  }

  /** A request was answered within `tookMs`. */
  answered(tookMs: number): void {
    const faster = tookMs - this.estimateMs;
    this.estimateMs = this.isRough || faster > 0 ? tookMs : this.estimateMs + faster * FASTER_SAMPLE_SHARE;
    this.isRough = false;
  }

  /** A request had no response within `timeoutMs`. */
  exceeded(timeoutMs: number): void {
    this.estimateMs = Math.max(this.estimateMs, (timeoutMs * BACKOFF_FACTOR) / ROUND_TRIPS);
    this.isRough = false;
  }
}
