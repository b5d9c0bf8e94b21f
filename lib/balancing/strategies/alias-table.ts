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
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / size;
    this.size = size;
    this.chances = Float64Array.from(weights, (weight) => weight / mean);
    this.aliases = new Uint32Array(size);
    const { chances, aliases } = this;
    const indexes = [...weights.keys()];
    const small = indexes.filter((index) => (chances[index] ?? 0) < 1);
    const large = indexes.filter((index) => (chances[index] ?? 0) >= 1);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop() ?? 0;
      const more = large.at(-1) ?? 0;
      aliases[less] = more;
      // The large one fills the rest of the small one's column.
      const left = (chances[more] ?? 0) + (chances[less] ?? 0) - 1;
      chances[more] = left;
      if (left < 1) small.push(...large.splice(-1));
    }
    // What is left is 1 but for rounding; its alias is never used.
    for (const index of [...small, ...large]) chances[index] = 1;
    for (const index of small) aliases[index] = index;
  }

  draw(random: Random): number {
    const at = random() * this.size;
    const column = Math.floor(at);
    return at - column < (this.chances[column] ?? 1) ? column : (this.aliases[column] ?? column);
  }
}
