import { RETRY_DEFAULTS, type RetryOptions, type RetryReason } from '../balancing/retry-options.js';
import { RETRIED_STATUSES } from './failure.js';

/** The part of {@link RetryOptions} that one call may change. The budget is the service's. */
export type CallRetryOptions = Omit<RetryOptions, 'budget' | 'minPerSecond'>;

/** {@link RetryOptions} with the defaults filled in, and times in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  /** `Infinity` for no limit of its own. */
  readonly connectTimeoutMs: number;
  /** `Infinity` for no limit. */
  readonly perTryTimeoutMs: number;
  readonly on: ReadonlySet<RetryReason>;
}

const DEFAULT_REASONS: ReadonlySet<RetryReason> = new Set<RetryReason>([
  'connect',
  'reset',
  'timeout',
  ...RETRIED_STATUSES,
]);

/** One attempt, without limits. */
export const NO_RETRY: RetryPolicy = Object.freeze({
  attempts: 1,
  connectTimeoutMs: Infinity,
  perTryTimeoutMs: Infinity,
  on: new Set<RetryReason>(),
});

/** Makes the policy of a service, or of one call that changes a part of it. */
export function retryPolicy(retry: boolean | RetryOptions = true): RetryPolicy {
  if (retry === false) return NO_RETRY;
  const { attempts, connectTimeout, perTryTimeout, on }: RetryOptions = retry === true ? {} : retry;
  return Object.freeze({
    attempts: attempts ?? RETRY_DEFAULTS.attempts,
    connectTimeoutMs: (connectTimeout ?? RETRY_DEFAULTS.connectTimeout) * 1_000,
    perTryTimeoutMs: perTryTimeout === undefined ? Infinity : perTryTimeout * 1_000,
    on: on ? new Set(on) : DEFAULT_REASONS,
  });
}
