/** What linear work may cost for four times the input. Quadratic work costs 16 times as much. */
const LIMIT = 8;
const FEWEST_ROUNDS = 3;
const MOST_ROUNDS = 20;

/**
 * How many times longer `run` takes for four times the size. The fastest round of each size counts, since other work of the
 * machine and the compiler of V8 only add to a round.
 */
function growth(run: (size: number) => void, size: number): number {
  let small = Infinity;
  let large = Infinity;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    small = Math.min(small, duration(run, size));
    large = Math.min(large, duration(run, 4 * size));
    if (round >= FEWEST_ROUNDS && large < LIMIT * small) break;
  }
  return large / small;
}

function duration(run: (size: number) => void, size: number): number {
  const start = performance.now();
  run(size);
  return performance.now() - start;
}

/** Fails if `run` takes more than linear time. At `size` it should take a millisecond or more. */
export function expectLinear(run: (size: number) => void, size: number): void {
  expect(growth(run, size)).toBeLessThan(LIMIT);
}
