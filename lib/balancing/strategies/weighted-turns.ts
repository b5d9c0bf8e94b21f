/** The end of a list of indexes. */
const NONE = -1;

/**
 * The indexes of weights in the order of their turns: the heaviest has a turn in each round, and another with a third of its
 * weight in every third one. Each round looks only at those that have a turn: of 10,000 endpoints, one may weigh 65,535 times
 * as much as the others.
 *
 * @param weights above 0, at least one
 * @param count number of turns; the last round may add more
 */
export function weightedTurns(weights: readonly number[], count: number): Uint32Array {
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const turns = new Uint32Array(count + weights.length);
  const taken = new Uint32Array(weights.length);
  /** The indexes of each round as a list: the first one, and the one after each. */
  const firsts = new Int32Array(count + 1).fill(NONE);
  const nexts = new Int32Array(weights.length);
  const plan = (index: number, after: number): void => {
    const turn = (taken[index] ?? 0) + 1;
    const weight = weights[index] ?? 1;
    // For fractions the product is rounded. Without a turn of the heaviest in each round, the rounds would have too few turns.
    const round = weight === heaviest ? turn : Math.max(after + 1, Math.ceil((turn * heaviest) / weight));
    if (round > count) return;
    nexts[index] = firsts[round] ?? NONE;
    firsts[round] = index;
  };
  for (let index = 0; index < weights.length; index++) plan(index, 0);
  let filled = 0;
  for (let round = 1; round <= count && filled < count; round++) {
    const start = filled;
    for (let index = firsts[round] ?? NONE; index !== NONE; index = nexts[index] ?? NONE)
      turns[filled++] = index;
    if (filled - start > 1) turns.subarray(start, filled).sort();
    for (let turn = start; turn < filled; turn++) {
      const index = turns[turn] ?? 0;
      taken[index] = (taken[index] ?? 0) + 1;
      plan(index, round);
    }
  }
  return turns;
}
