import { setMaxListeners } from 'node:events';
import { abortReason } from '../kernel/deadline.js';

/**
 * Runs `work` with a signal that is aborted when any of `signals` is, and lets go of them afterwards: unlike with
 * `AbortSignal.any`, nothing of a short call stays behind on a signal that lives as long as the process.
 */
export async function withSignals<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const onAbort = (): void => {
    const aborted = given.find((signal) => signal.aborted);
    if (aborted) controller.abort(abortReason(aborted));
  };
  onAbort();
  // One signal may well stand over many calls at once: that is no leak to warn of.
  setMaxListeners(0, ...given);
  for (const signal of given) signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of given) signal.removeEventListener('abort', onAbort);
  }
}
