import { type Endpoint } from '../discovery/endpoint.js';
import { type Ejection } from './outliers/ejection.js';

/** Time constant of the average: after it, an old latency counts for 1/e (37 %). */
const LATENCY_DECAY_MS = 10_000;

/**
 * An endpoint that has never answered counts as at least this slow once a caller has given up. Otherwise it would seem idle
 * and receive every call at which it is compared; with less, all callers at once after one was given up early.
 */
const MIN_UNANSWERED_MS = 100;

/** What is known of one endpoint from the calls to it. */
export class EndpointStatistics {
  /** Calls that have started and not ended. */
  inFlight = 0;
  /** Calls that have started. */
  calls = 0;
  /** Calls that ended as a failure. */
  failures = 0;
  /** Sum of the durations of all calls that have ended, in milliseconds. */
  totalMs = 0;
  /** Successes and failures since the last evaluation of the rules that compare endpoints. */
  intervalSuccesses = 0;
  intervalFailures = 0;
  /** Failures since the last success or ejection. */
  consecutiveFailures = 0;
  /** The ejection that is under way. */
  ejection: Ejection | undefined;
  /** Number of ejections in a row, which makes the next one longer. */
  ejections = 0;
  /** When the last ejection ended, in milliseconds of the monotonic clock. */
  returnedAt = -Infinity;
  /** Set from the end of an ejection to the next success: one failure ejects again. */
  isOnProbation = false;
  /** Moving average of the latency in milliseconds at {@link latencyAt}; -1 before the first call ended. */
  private latencyMs = -1;
  private latencyAt = 0;

  constructor(public endpoint: Endpoint) {}

  /** Whether a latency is known. */
  get hasLatency(): boolean {
    return this.latencyMs >= 0;
  }

  /**
   * The average latency in milliseconds, decayed to `now`: without further calls a slow spell is forgotten, and the
   * endpoint is tried again. -1 before the first call ended.
   */
  latencyOf(now: number): number {
    const { latencyMs } = this;
    return latencyMs <= 0 ? latencyMs : latencyMs * Math.exp((this.latencyAt - now) / LATENCY_DECAY_MS);
  }

  /** Takes a latency into the average. One above the average replaces it: the average is peak sensitive. */
  observe(durationMs: number, now: number): void {
    const before = this.latencyOf(now);
    if (durationMs >= before) this.latencyMs = durationMs;
    else {
      const kept = Math.exp((this.latencyAt - now) / LATENCY_DECAY_MS);
      // `before` has decayed already; the new latency fills in what the decay took away.
      this.latencyMs = before + durationMs * (1 - kept);
    }
    this.latencyAt = now;
  }

  /** Takes the duration of a call without an answer: its latency would have been at least as long. */
  observeAtLeast(durationMs: number, now: number): void {
    if (!this.hasLatency) this.observe(Math.max(durationMs, MIN_UNANSWERED_MS), now);
    else if (durationMs > this.latencyOf(now)) this.observe(durationMs, now);
  }
}
