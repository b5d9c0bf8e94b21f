import { type Endpoint } from '../discovery/endpoint.js';

/** What is known of one endpoint from the calls to it. */
export class EndpointStatistics {
  /** Calls that have started and not ended. */
  inFlight = 0;
  /** Calls that have started. */
  calls = 0;
  /** Calls that ended as a failure. */
  failures = 0;
  /** Moving average of the latency in milliseconds, peak sensitive; undefined before the first answer. */
  latencyMs: number | undefined;
  /** When `latencyMs` was last updated, in milliseconds of the monotonic clock. */
  latencyAt = 0;
  /** The outcome of the last call that was not aborted. */
  lastSucceeded: boolean | undefined;
  /** Failures since the last success or ejection. */
  consecutiveFailures = 0;

  constructor(public endpoint: Endpoint) {}
}
