import { type Clock } from '../common/clock.js';

/** Weight of a faster response in the smoothed round trip. */
const FASTER_SAMPLE_SHARE = 0.25;

/** Round trips that the timeout of a renewal allows for: connect, request, and one in reserve. */
export const ROUND_TRIPS = 3;

/**
 * Estimates the round trip to the registry, for the renewals of a session and for the requests of an election or a lock.
 * A slower response counts in full and at once, a faster one gradually. A round trip longer than the timeout is never
 * measured, so every other request after one without a response is patient: always would leave too few attempts in an
 * outage.
 */
export class RoundTrip {
  private estimateMs = 0;
  /** Whether the estimate is from an opening, which takes several round trips. */
  private isRough = false;
  private patient = false;

  /** Milliseconds; 0 while unknown. */
  get ms(): number {
    return this.estimateMs;
  }

  /** Whether the next request should wait longer than the estimate says. */
  get isPatient(): boolean {
    return this.patient;
  }

  /** A session was opened within `tookMs`. */
  opened(tookMs: number): void {
    this.estimateMs = tookMs;
    this.isRough = true;
    this.patient = false;
  }

  /** Sends a request that gives up after `timeoutMs`, and learns from its response or from the lack of one. */
  async measure<T>(clock: Clock, timeoutMs: number, send: () => Promise<T>): Promise<T> {
    const sentAt = clock.now();
    const wasPatient = this.patient;
    try {
      const response = await send();
      this.answered(clock.now() - sentAt);
      return response;
    } catch (error) {
      // Of requests that run side by side, the first one without a response decides about the next.
      if (clock.now() - sentAt >= timeoutMs && this.patient === wasPatient) this.exceeded();
      throw error;
    }
  }

  /** A request was answered within `tookMs`. */
  answered(tookMs: number): void {
    const faster = tookMs - this.estimateMs;
    this.estimateMs = this.isRough || faster > 0 ? tookMs : this.estimateMs + faster * FASTER_SAMPLE_SHARE;
    this.isRough = false;
    this.patient = false;
  }

  /** A request had no response within its timeout. */
  exceeded(): void {
    this.patient = !this.patient;
  }
}
