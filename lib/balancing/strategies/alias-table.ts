import { type Random } from '../../common/random.js';

/**
 * Draws indexes by weight in constant time.
 *
 * @see https://en.wikipedia.org/wiki/Alias_method
 */
export class AliasTable {
  private readonly size: number;
  /** The chance that a column's own index is drawn rather than its alias. */
  private readonly chances: Float64Array;
  private readonly aliases: Uint32Array;

  /** @param weights above 0, at least one */
  constructor(weights: readonly number[]) {
    const size = weights.length;
    // Loops over typed arrays: a service may have 10,000 endpoints, whose shares change every 100 ms during a slow start.
    const chances = Float64Array.from(weights);
    const aliases = new Uint32Array(size);
    let total = 0;
    for (let index = 0; index < size; index++) total += chances[index] ?? 0;
    const mean = total / size;
    /** Two stacks of indexes: those with less than a column from the start, the others from the end. */
    const stacks = new Uint32Array(size);
    let small = 0;
    let large = size;
    for (let index = 0; index < size; index++) {
      const chance = (chances[index] ?? 0) / mean;
      chances[index] = chance;
      if (chance < 1) stacks[small++] = index;
      else stacks[--large] = index;
    }
    while (small > 0 && large < size) {
      const less = stacks[--small] ?? 0;
      const more = stacks[large] ?? 0;
      aliases[less] = more;
      // The large one fills the rest of the small one's column.
      const left = (chances[more] ?? 0) + (chances[less] ?? 0) - 1;
      chances[more] = left;
      if (left >= 1) continue;
      stacks[small++] = more;
      large += 1;
    }
    // What is left is 1 but for rounding; its alias is never used.
    for (let at = 0; at < small; at++) {
      const index = stacks[at] ?? 0;
      chances[index] = 1;
      aliases[index] = index;
    }
    for (let at = large; at < size; at++) chances[stacks[at] ?? 0] = 1;
    this.size = size;
    this.chances = chances;
    this.aliases = aliases;
  }

  draw(random: Random): number {
    const at = random() * this.size;
    const column = Math.floor(at);
    return at - column < (this.chances[column] ?? 1) ? column : (this.aliases[column] ?? column);
  }
}
