import { type Clock } from '../clock.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { toError } from '../thrown.js';
import { abortReason, onAbort } from './abort.js';

/** The bounds of one attempt. */
export interface AttemptOptions {
  readonly clock: Clock;
  /** Milliseconds until the attempt fails; `Infinity` for no deadline. */
  readonly timeoutMs: number;
  /** Cancels the attempt. Its reason takes precedence over any other error. */
  readonly signal?: AbortSignal | undefined;
  /** Subject of the error, such as "renewing the lease at 10.0.0.1:2379". */
  readonly what: string;
}

/**
 * Runs one attempt under a deadline and the caller's signal. It settles when either is reached, even if `run` ignores
 * the signal passed to it. A later rejection of `run` is ignored.
 *
 * @throws DeadlineExceededError when `timeoutMs` passes first
 * @throws the signal's reason when the caller aborts first
 * @throws the error of `run`
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
    // After a blocked event loop, timers run before I/O. The second timer lets a response that has arrived be read first.
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
    const failed = (error: unknown): void => {
      done();
      reject(toError(error));
    };
    try {
      run(inner.signal).then((value) => {
        done();
        resolve(value);
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}

/**
 * Waits `delayMs` milliseconds.
 *
 * @throws the signal's reason as soon as it is aborted
 */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw abortReason(signal);
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(delayMs, () => {
      remove();
      resolve();
    });
    const remove = onAbort(signal, () => {
      timer.cancel();
      if (signal) reject(abortReason(signal));
    });
  });
}
