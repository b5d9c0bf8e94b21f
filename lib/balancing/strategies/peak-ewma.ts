import { type EndpointStatistics } from '../endpoint-statistics.js';
import { TwoChoices } from './two-choices.js';

/** What a call in progress counts for, in milliseconds, while no call to the endpoint has ended. */
const UNKNOWN_LATENCY_MS = 1_000;

/**
 * Of two random endpoints, picks the one with the smaller product of latency and calls in progress, for its weight. The
 * latency is a moving average that follows a rise at once and forgets it over 10 s. Needs `start` and `done`.
 *
 * Both averages are compared at the time at which a call to the service last started or ended: a pick reads no clock, and
 * an endpoint that had a slow spell is tried again although no call to it ends.
 */
export class PeakEwma extends TwoChoices {
  protected isBetter(
    two: EndpointStatistics,
    weightOfTwo: number,
    one: EndpointStatistics,
    weightOfOne: number,
  ): boolean {
    const { now } = this.statistics;
    return costOf(two, now) * weightOfOne < costOf(one, now) * weightOfTwo;
  }
}

function costOf(statistics: EndpointStatistics, now: number): number {
  const latencyMs = statistics.latencyOf(now);
  // An endpoint without any answer is tried, but not by all callers at once.
  return latencyMs < 0 ? statistics.inFlight * UNKNOWN_LATENCY_MS : latencyMs * (statistics.inFlight + 1);
}
