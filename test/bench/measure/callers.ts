import { percentile } from './statistics.js';

export type CallOnce = () => Promise<unknown>;

const CALLERS = 32;

/** Calls a second with 32 callers. */
export async function rate(calls: number, call: CallOnce): Promise<number> {
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
export async function latency(calls: number, share: number, call: CallOnce): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < calls; index++) {
    const start = performance.now();
    await call();
    took.push(performance.now() - start);
  }
  return percentile(took, share);
}
