import { type Effort, type Line } from './line.js';
import { inSlices } from './slices.js';
import { percentile } from './statistics.js';

type CallOnce = () => Promise<unknown>;

const CALLERS = 32;

/** Calls a second with 32 callers. */
async function rate(ms: number, call: CallOnce): Promise<number> {
  let calls = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() - start < ms) {
        await call();
        calls += 1;
      }
    }),
  );
  return (calls / (performance.now() - start)) * 1_000;
}

interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds of one call with one caller. */
async function latencies(ms: number, call: CallOnce): Promise<Latencies> {
  const took: number[] = [];
  const end = performance.now() + ms;
  for (let now = performance.now(); now < end;) {
    const start = now;
    await call();
    now = performance.now();
    took.push(now - start);
  }
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
}

/** One kind of call: ours against the same to a fixed address. */
export interface Calls {
  readonly what: string;
  readonly floorName: string;
  readonly floor: CallOnce;
  readonly ours: CallOnce;
  /** Share of the floor's calls a second that ours must reach. */
  readonly atLeast: number;
}

/** Calls a second of 32 callers, then the latency of one. */
export async function compareCalls(
  { what, floorName, floor, ours, atLeast }: Calls,
  effort: Effort,
): Promise<Line[]> {
  const rates = await inSlices(effort, {
    ours: async (ms) => await rate(ms, ours),
    floor: async (ms) => await rate(ms, floor),
  });
  const took = await inSlices(effort, {
    ours: async (ms) => await latencies(ms, ours),
    floor: async (ms) => await latencies(ms, floor),
  });
  const latency = (name: keyof Latencies): Line => ({
    what: `${what}, latency ${name}`,
    unit: 'ms',
    ours: took.ours.map((each) => each[name]),
    floor: { name: floorName, values: took.floor.map((each) => each[name]) },
  });
  return [
    {
      what,
      unit: 'calls/s',
      ours: rates.ours,
      floor: { name: floorName, values: rates.floor },
      goal: { of: 'ratio', atLeast },
    },
    latency('p50'),
    latency('p99'),
  ];
}
