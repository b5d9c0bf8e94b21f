import { type Call, type CallDetails, type CallOutcome, outcomeOf } from './call.js';
import { type EndpointStatistics } from './endpoint-statistics.js';

/** Receives the ends of the calls to a service. */
export interface CallListener {
  ended(call: TrackedCall, outcome: CallOutcome, error: unknown, details: CallDetails | undefined): void;
}

/** A call that is counted until it ends. */
export class TrackedCall implements Call {
  private open = true;

  /** @param inner the call of a balancer that counts by itself */
  constructor(
    readonly statistics: EndpointStatistics,
    readonly startedAt: number,
    private readonly listener: CallListener,
    private readonly inner: Call | undefined,
  ) {
    statistics.inFlight += 1;
    statistics.calls += 1;
  }

  done(error?: unknown, outcome: CallOutcome = outcomeOf(error), details?: CallDetails): void {
    if (!this.open) return;
    this.open = false;
    this.statistics.inFlight -= 1;
    this.inner?.done(error, outcome, details);
    this.listener.ended(this, outcome, error, details);
  }
}
