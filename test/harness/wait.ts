import { monotonic } from './monotonic.mjs';

export { monotonic };

/** Waits `ms` milliseconds. For polling and for faults that last a while, never instead of a condition. */
export async function sleep(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}

export interface WaitOptions {
  /** Milliseconds after which the wait fails; 120,000 by default, for a machine that is busy with other specs. */
  readonly deadline?: number;
  /** Milliseconds between two looks; 20 by default. */
  readonly every?: number;
}

/**
 * Looks again and again until `look` gives something that is neither `undefined`, `null` nor `false`, and resolves
 * with it. An error thrown by `look` counts as "not yet" and is the cause when the deadline passes.
 *
 * @param what what is waited for, for the error: "the key to be gone"
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { deadline = 120_000, every = 20 }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const end = monotonic() + deadline;
  let cause: unknown;
  for (;;) {
    try {
      const found = await look();
      cause = undefined;
      if (found !== undefined && found !== null && found !== false)
        return found as Exclude<T, undefined | null | false>;
    } catch (error) {
      cause = error;
    }
    if (monotonic() >= end) {
      const why = cause instanceof Error ? ` Last error: ${cause.message}` : '';
      throw new Error(`Waited ${deadline} ms for ${what} without success.${why}`, { cause });
    }
    await sleep(every);
  }
}
