import { sleep } from '../harness/wait.js';

/** Milliseconds that a probe takes on the machine that the limits of the scenarios were measured on. */
const REFERENCE_MS = 12.2;

/** Number of probes, and milliseconds between two. */
const PROBES = 20;
const PAUSE_MS = 10;

/** Up to here a machine is as fast as that one. */
const TOLERATED = 1.25;

/** Beyond it a limit says nothing any more. */
const MOST = 4;

/**
 * How much slower this machine is than the one on which the limits of the scenarios were measured, or what else it has to do.
 * To be measured before the first scenario: what the scenarios themselves cost is part of their limits.
 *
 * @param onProgress called with the result of the computation, so that it is not optimized away
 */
export async function measureSlowness(
  onProgress: (value: number) => void = () => undefined,
): Promise<number> {
  const probes: number[] = [];
  const { imul } = Math;
  let value = 1;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const startedAt = performance.now();
    for (let i = 0; i < 2e6; i += 1) value = (imul(value, 1_103_515_245) + 12_345) | 0;
    probes.push(performance.now() - startedAt);
    onProgress(value);
    await sleep(PAUSE_MS);
  }
  return slownessOf(probes);
}

/** The factor by the mean of these probes, in milliseconds: from 1 to {@link MOST}. */
export function slownessOf(probes: readonly number[]): number {
  const mean = probes.reduce((sum, ms) => sum + ms, 0) / probes.length;
  const factor = mean / REFERENCE_MS;
  return factor > TOLERATED ? Math.min(factor, MOST) : 1;
}
