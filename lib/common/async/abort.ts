import { setMaxListeners } from 'node:events';

/**
 * Whether `value` is an error. Accepts errors of another realm, for which `instanceof` fails: under a test runner
 * `AbortSignal.timeout` produces them.
 */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value;
}

/** The reason of an aborted signal. A reason that is no error is replaced with an `AbortError`. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return isError(reason) ? reason : new DOMException('This operation was aborted', 'AbortError');
}

const noop = (): void => undefined;

/**
 * Calls `listener` once when `signal` is aborted, or immediately if it is aborted already. Returns a function that
 * removes the listener. Call it when the work ends: a signal may outlive the work by far, and would leak the listener.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return noop;
  if (signal.aborted) {
    listener();
    return noop;
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

/** A signal that follows other signals until it is released. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Removes the listeners from the followed signals. Must be called when the work ends. */
  release(): void;
}

/**
 * Creates a signal that is aborted as soon as one of `signals` is, with the same reason. `AbortSignal.any` is not used:
 * each call would stay registered on a signal that lives as long as the process.
 */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  // One signal often covers many concurrent calls. Node would warn of a leak.
  setMaxListeners(0, ...given);
  const removals = given.map((signal) =>
    onAbort(signal, () => {
      controller.abort(abortReason(signal));
    }),
  );
  return {
    signal: controller.signal,
    release: () => {
      for (const remove of removals) remove();
    },
  };
}

/**
 * Runs `work` with a signal that is aborted when one of `signals` is. See {@link linkSignals}.
 *
 * @throws the error of `work`
 */
export async function withSignals<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const linked = linkSignals(...signals);
  try {
    return await work(linked.signal);
  } finally {
    linked.release();
  }
}
