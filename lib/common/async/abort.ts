import { setMaxListeners } from 'node:events';

/** Whether `value` is an error, also one of another realm: `AbortSignal.timeout` under a test runner gives such. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value;
}

/** The reason of an aborted signal as an Error, whatever type the caller aborted with. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return isError(reason) ? reason : new DOMException('This operation was aborted', 'AbortError');
}

const nothing = (): void => undefined;

/**
 * Calls `listener` once when `signal` is aborted, at once where it is aborted already. Returns a function that removes
 * the listener; calling it in any case keeps nothing on a signal that outlives the work.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return nothing;
  if (signal.aborted) {
    listener();
    return nothing;
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

/** A signal that follows others until it is released. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Removes the listeners from the signals that are followed. Must be called in any case. */
  release(): void;
}

/**
 * A signal that is aborted, with the same reason, as soon as one of `signals` is. Unlike with `AbortSignal.any`, nothing
 * of a short call stays on a signal that lives as long as the process.
 */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  // One signal often covers many calls at once; that is no leak to warn of.
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

/** Runs `work` with a signal that is aborted when one of `signals` is; see {@link linkSignals}. */
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
