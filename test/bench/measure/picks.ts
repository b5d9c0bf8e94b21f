import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { alternate } from './alternate.js';
import { type Effort, type Goal, type Line } from './line.js';

/** Picks as often as told and returns the sum of the ports. */
export type Run = (picks: number) => number;

/** Returns nanoseconds a call. The sum prevents V8 from optimising the work away; 32 bits keep it from being boxed. */
export function time(run: Run, picks: number): number {
  const start = process.hrtime.bigint();
  const sum = run(picks);
  const took = Number(process.hrtime.bigint() - start);
  if (Number.isNaN(sum)) throw new Error('Something that is no endpoint was picked.');
  return took / picks;
}

/** Bytes that stay on the heap for each pick, without a collection in between. */
function bytesOf(run: Run, picks: number): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  run(picks);
  return Math.max(0, (process.memoryUsage().heapUsed - before) / picks);
}

/** Nanoseconds a pick, beside a floor of the same number of picks. */
export async function comparePicks(
  line: { readonly what: string; readonly floorName: string; readonly x?: number; readonly goal?: Goal },
  { rounds, quick }: Effort,
  floor: Run,
  ours: Run,
): Promise<Line> {
  const picks = quick ? 500_000 : 2_000_000;
  // V8 compiles both before the first round.
  for (let warm = 0; warm < 3; warm++) [floor, ours].forEach((run) => time(run, picks));
  const values = await alternate(rounds, { ours: () => time(ours, picks), floor: () => time(floor, picks) });
  const { what, floorName, x, goal } = line;
  return {
    what,
    unit: 'ns',
    ours: values.ours,
    floor: { name: floorName, values: values.floor },
    ...(x === undefined ? {} : { x }),
    ...(goal ? { goal } : {}),
    note: `${bytesOf(ours, picks).toFixed(1)} bytes a pick (floor ${bytesOf(floor, picks).toFixed(1)})`,
  };
}

/** The floor of a pick: a counter and a remainder over the same endpoints. */
export function counterFloor(list: readonly Endpoint[]): Run {
  const n = list.length;
  let i = 0;
  return (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++) sum = (sum + list[i++ % n]!.port) | 0;
    return sum;
  };
}
