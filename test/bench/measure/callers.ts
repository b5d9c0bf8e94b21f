import { alternate } from './alternate.js';
import { type Effort, type Line } from './line.js';
import { percentile } from './statistics.js';

type CallOnce = () => Promise<unknown>;

const CALLERS = 32;

/** Calls a second with 32 callers. */
async function rate(calls: number, call: CallOnce): Promise<number> {
  let left = calls;
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (left-- > 0) await call();
    }),
  );
  return (calls / Number(process.hrtime.bigint() - start)) * 1e9;
}

/** Milliseconds of one call with one caller: the value that `share` of `calls` calls do not exceed. */
async function latency(calls: number, share: number, call: CallOnce): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < calls; index++) {
    const start = performance.now();
    await call();
    took.push(performance.now() - start);
  }
  return percentile(took, share);
}

/** One kind of call: ours against the same to a fixed address. */
export interface Calls {
  readonly what: string;
  readonly floorName: string;
  readonly floor: CallOnce;
  readonly ours: CallOnce;
  /** Share of the floor's calls a second that ours must reach. */
  readonly atLeast: number;
  /** Calls of each measurement. */
  readonly calls: number;
}

/** Calls a second of 32 callers, then the latency of one. */
export async function compareCalls(
  { what, floorName, floor, ours, atLeast, calls }: Calls,
  { rounds }: Effort,
): Promise<Line[]> {
  const rates = await alternate(rounds, {
    ours: async () => await rate(calls, ours),
    floor: async () => await rate(calls, floor),
  });
  const line = (suffix: string, unit: string, values: typeof rates): Line => ({
    what: `${what}${suffix}`,
    unit,
    ours: values.ours,
    floor: { name: floorName, values: values.floor },
  });
  const lines: Line[] = [{ ...line('', 'calls/s', rates), goal: { of: 'ratio', atLeast } }];
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const values = await alternate(rounds, {
      ours: async () => await latency(calls / 4, share, ours),
      floor: async () => await latency(calls / 4, share, floor),
    });
    lines.push(line(`, latency ${name}`, 'ms', values));
  }
  return lines;
}
