/** What linear work may cost for four times the input. Quadratic work costs 16 times as much. */
const LIMIT = 8;
const FEWEST_ROUNDS = 3;
const MOST_ROUNDS = 20;

/**
 * How many times more processor time `run` takes for four times the size. Time on the clock would not do: on a busy machine
 * a short run ends before its turn does, and a long one waits for several. The cheapest round of each size counts, since the
 * compiler and the collector of V8 only add to a round.
 */
function growth(run: (size: number) => void, size: number): number {
  let small = Infinity;
  let large = Infinity;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    small = Math.min(small, cost(run, size));
    large = Math.min(large, cost(run, 4 * size));
    if (round >= FEWEST_ROUNDS && large < LIMIT * small) break;
  }
  return large / small;
}

/** Microseconds of processor time. */
function cost(run: (size: number) => void, size: number): number {
  const start = process.cpuUsage();
  run(size);
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Fails if `run` takes more than linear time. At `size` it should take a millisecond or more. */
export function expectLinear(run: (size: number) => void, size: number): void {
  expect(growth(run, size)).toBeLessThan(LIMIT);
}
