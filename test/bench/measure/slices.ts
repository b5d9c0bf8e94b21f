import { alternate } from './alternate.js';
import { type Effort } from './line.js';

/** Runs one side for this time, in milliseconds. */
export type SliceOf<Value> = (ms: number) => Promise<Value>;

/**
 * Measures both sides in many short slices next to each other, so that the other work of the machine is about the same for
 * both of a pair. Before, each side runs for longer, until V8 has compiled it.
 */
export async function inSlices<Value>(
  { quick }: Effort,
  { ours, floor }: Readonly<Record<'ours' | 'floor', SliceOf<Value>>>,
): Promise<Record<'ours' | 'floor', Value[]>> {
  const { pairs, ms, warmUpMs } = quick
    ? { pairs: 10, ms: 100, warmUpMs: 500 }
    : { pairs: 60, ms: 250, warmUpMs: 2_000 };
  await floor(warmUpMs);
  await ours(warmUpMs);
  return await alternate(pairs, {
    ours: async () => await ours(ms),
    floor: async () => await floor(ms),
  });
}
