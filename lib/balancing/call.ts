/**
 * How a call ended. `aborted`: the caller gave up, by its signal or its deadline. That says nothing about the endpoint,
 * so outlier detection ignores it, and latency statistics take its duration only as a lower bound.
 */
export type CallOutcome = 'success' | 'failure' | 'aborted';

/** What else is known about the end of a call. */
export interface CallDetails {
  /**
   * Milliseconds for which the endpoint asked to be left alone, such as `Retry-After` of a 503. The endpoint is left out
   * for that long, at most `maxEjectionTime` and within the limits of outlier detection.
   */
  readonly retryAfterMs?: number;
}

/** A call to an endpoint that is in progress. */
export interface Call {
  /**
   * Reports the end of the call. Only the first report counts.
   *
   * @param error the error or rejected response; undefined for a success
   * @param outcome by default derived from `error`: none is a success, an `AbortError` or `TimeoutError` is `aborted`, any
   *   other is a failure
   */
  done(error?: unknown, outcome?: CallOutcome, details?: CallDetails): void;
}

/** Names and codes of errors by which a caller gives up. Compared by name: errors may come from another realm. */
const ABORTS: ReadonlySet<unknown> = new Set([
  'AbortError',
  'TimeoutError',
  'ABORT_ERR',
  'ERR_CANCELED',
  'SIDEKICK_DEADLINE_EXCEEDED',
]);

/** The outcome of a call that ended with `error`, or without one. */
export function outcomeOf(error: unknown): CallOutcome {
  if (error === undefined || error === null) return 'success';
  if (typeof error !== 'object') return 'failure';
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return ABORTS.has(name) || ABORTS.has(code) ? 'aborted' : 'failure';
}
