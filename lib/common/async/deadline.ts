import { type Clock } from '../clock.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { abortReason, isError, onAbort } from './abort.js';

/** How one attempt is bounded. */
export interface AttemptOptions {
  readonly clock: Clock;
  /** Milliseconds until the attempt is given up; `Infinity` for none. */
  readonly timeoutMs: number;
  /** The caller's own cancel; it wins over every other error. */
  readonly signal?: AbortSignal | undefined;
  /** What is attempted, for the error: "renewing the lease at 10.0.0.1:2379". */
  readonly what: string;
}

/**
 * Runs one attempt under a deadline and the caller's signal. Settles at the latest when either is reached, even if
 * `run` ignores the signal it is given; a late rejection of `run` is swallowed.
 *
 * @throws DeadlineExceededError when `timeout` passes first
 * @throws the signal's reason when the caller aborts first
 */
export async function attempt<T>(
  options: AttemptOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, timeoutMs, signal, what } = options;
  if (signal?.aborted) throw abortReason(signal);
  const inner = new AbortController();
  return await new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => {
      inner.abort(error);
      done();
      reject(error);
    };
    const exceeded = (): void => {
      fail(new DeadlineExceededError(`${what} was not answered within ${Math.round(timeoutMs)} ms.`));
    };
    // After a blocked event loop timers come first: an answer that is there already is read in between.
    let timer = Number.isFinite(timeoutMs)
      ? clock.after(timeoutMs, () => {
          timer = clock.after(0, exceeded);
        })
      : undefined;
    const remove = onAbort(signal, () => {
      if (signal) fail(abortReason(signal));
    });
    const done = (): void => {
      timer?.cancel();
      remove();
    };
    run(inner.signal).then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(isError(error) ? error : new Error(String(error), { cause: error }));
      },
    );
  });
}

/** Waits `delay` milliseconds, or rejects with the signal's reason as soon as it is aborted. */
export async function pause(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw abortReason(signal);
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(delay, () => {
      remove();
      resolve();
    });
    const remove = onAbort(signal, () => {
      timer.cancel();
      if (signal) reject(abortReason(signal));
    });
  });
}
