import {
  checkFields,
  type FieldCheck,
  integerField,
  isWithin,
  numberField,
  SECONDS_FIELD,
} from '../common/check-fields.js';

/**
 * A reason to retry: `connect`: the request was not sent. `reset`: the connection broke before the answer. `timeout`:
 * `perTryTimeout` passed. A number: that HTTP status.
 */
export type RetryReason = 'connect' | 'reset' | 'timeout' | number;

/** How the integrations for HTTP and for other clients repeat a failed call at another endpoint. */
export interface RetryOptions {
  /**
   * Attempts of one call, the first included.
   *
   * @default 2
   */
  readonly attempts?: number;
  /**
   * Retries per call, from 0 to 1, averaged over the service's calls of the last 10 s.
   *
   * @default 0.2
   */
  readonly budget?: number;
  /**
   * Retries a second that are allowed in addition to `budget`.
   *
   * @default 3
   */
  readonly minPerSecond?: number;
  /**
   * Seconds in which a connection must be open, the wait for a free one included.
   *
   * @default 2
   */
  readonly connectTimeout?: number;
  /**
   * What is retried.
   *
   * @default `connect` for every method; `reset`, 502, 503 and 504 for idempotent requests that can be sent again
   */
  readonly on?: readonly RetryReason[];
  /**
   * Seconds that one attempt may take.
   *
   * @default no limit but the call's own
   */
  readonly perTryTimeout?: number;
}

/** The defaults of {@link RetryOptions}. */
export const RETRY_DEFAULTS = Object.freeze({
  attempts: 2,
  budget: 0.2,
  minPerSecond: 3,
  /** Seconds. */
  connectTimeout: 2,
});

const REASONS: ReadonlySet<unknown> = new Set(['connect', 'reset', 'timeout']);

const CHECKS: Readonly<Record<keyof RetryOptions, FieldCheck>> = {
  attempts: integerField(1, 10),
  budget: numberField(0, 1),
  minPerSecond: numberField(0, 1_000),
  connectTimeout: SECONDS_FIELD,
  on: {
    what: "an array of 'connect', 'reset', 'timeout' and HTTP statuses from 400 to 599",
    holds: (value) =>
      Array.isArray(value) &&
      value.every((each) => REASONS.has(each) || (Number.isInteger(each) && isWithin(each, 400, 599))),
  },
  perTryTimeout: SECONDS_FIELD,
};

/**
 * Checks the option `retry`.
 *
 * @param where path of the option, for messages
 * @throws InvalidOptionError
 */
export function checkRetryOptions(where: string, retry: unknown): void {
  if (typeof retry !== 'boolean') checkFields(where, retry, CHECKS);
}
