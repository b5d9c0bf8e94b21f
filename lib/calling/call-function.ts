import { attempt } from '../common/async/deadline.js';
import {
  checkFields,
  FLAG_FIELD,
  FLAG_OR_OBJECT_FIELD,
  type FieldCheck,
  KEY_FIELD,
  objectField,
  SECONDS_FIELD,
} from '../common/check-fields.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { type CallOutcome } from '../balancing/call.js';
import { checkRetryOptions } from '../balancing/retry-options.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type AttemptFailure } from './call-attempt.js';
import { failureOfClient, outcomeOfStatus } from './failure.js';
import { type ServiceCallOptions, type ServiceCalls } from './service-calls.js';

/** Options of `ServiceHandle.call`. */
export interface CallOptions extends ServiceCallOptions {
  /**
   * Whether `fn` may run again after a part of its request may have reached the server. Otherwise it runs again only when
   * it could not connect.
   *
   * @default false
   */
  readonly idempotent?: boolean;
  /**
   * Seconds for all attempts together.
   *
   * @default no limit
   */
  readonly timeout?: number;
  /** Ends the call. Its reason takes precedence over any other error. */
  readonly signal?: AbortSignal;
}

const CHECKS: Readonly<Record<keyof CallOptions, FieldCheck>> = {
  key: KEY_FIELD,
  retry: FLAG_OR_OBJECT_FIELD,
  idempotent: FLAG_FIELD,
  timeout: SECONDS_FIELD,
  signal: objectField('an AbortSignal'),
};

/**
 * Makes one attempt at `endpoint` with a client of its own. `signal` is aborted at the end of the attempt's time, and by
 * the caller.
 */
export type CallFunction<T> = (endpoint: Endpoint, signal: AbortSignal) => T | Promise<T>;

/**
 * Runs `fn` with the next endpoint, reports how it ended, and runs it again with another one where that is safe.
 *
 * @throws the last error of `fn`
 * @throws InvalidOptionError when an option is invalid
 * @throws NoEndpointsError
 * @throws DeadlineExceededError when `timeout` or `retry.perTryTimeout` passes
 * @throws the reason of `signal`
 */
export async function callFunction<T>(
  calls: ServiceCalls,
  fn: CallFunction<T>,
  options: CallOptions,
): Promise<T> {
  checkFields('options', options, CHECKS);
  if (options.retry !== undefined) checkRetryOptions('options.retry', options.retry);
  const { clock, service } = calls.context;
  const { timeout, signal, idempotent = false } = options;
  const what = `The call to service "${service}"`;
  const call = calls.begin(options);
  const endsAtMs = timeout === undefined ? Infinity : clock.now() + timeout * 1_000;
  const firstList = calls.firstList();
  if (firstList)
    await attempt({ clock, timeoutMs: (timeout ?? Infinity) * 1_000, signal, what }, () => firstList);
  for (;;) {
    const leftMs = endsAtMs - clock.now();
    const { perTryTimeoutMs } = call.policy;
    const isLast = leftMs <= perTryTimeoutMs;
    signal?.throwIfAborted();
    const begun = call.begin();
    const timeoutMs = Math.max(0, Math.min(leftMs, perTryTimeoutMs));
    try {
      const settled = await attempt({ clock, timeoutMs, signal, what }, (inner) =>
        settle(async () => await fn(begun.endpoint, inner)),
      );
      if (settled.failed) throw settled.error;
      begun.end(outcomeOfValue(settled.value));
      return settled.value;
    } catch (error) {
      const end = endOf(error, { isLast, signal });
      begun.fail(end, error);
      if (signal?.aborted || !call.mayRetry({ reason: end.reason, repeatable: idempotent, error }))
        throw error;
    }
  }
}

type Settled<T> =
  { readonly failed: false; readonly value: T } | { readonly failed: true; readonly error: unknown };

/** What `run` resolves or rejects with. Clients reject with any value, of which {@link attempt} would make an `Error`. */
async function settle<T>(run: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { failed: false, value: await run() };
  } catch (error) {
    return { failed: true, error };
  }
}

/** What the error of an attempt means. The end of the call's own time is not the endpoint's fault. */
function endOf(
  error: unknown,
  { isLast, signal }: { readonly isLast: boolean; readonly signal: AbortSignal | undefined },
): AttemptFailure {
  if (signal?.aborted) return { reason: undefined, outcome: 'aborted' };
  if (error instanceof DeadlineExceededError)
    return isLast ? { reason: undefined, outcome: 'aborted' } : { reason: 'timeout', outcome: 'failure' };
  return failureOfClient(error);
}

/** A `Response` of fetch is a success for its caller, whatever its status. For outlier detection it is not. */
function outcomeOfValue(value: unknown): CallOutcome {
  const { status, ok } = (value ?? {}) as { readonly status?: unknown; readonly ok?: unknown };
  return typeof status === 'number' && typeof ok === 'boolean' ? outcomeOfStatus(status) : 'success';
}
