import { hashString } from './hash.js';
import { weightedTurns } from './weighted-turns.js';

/** Places of a table: a prime, about 655 for each of 100 endpoints. Above 6,500 endpoints, shares are uneven. */
export const MAGLEV_SIZE = 65_537;

const OFFSET_SEED = 0x5b_d1_e9_95;
const SKIP_SEED = 0x27_d4_eb_2f;
const FREE = 0xff_ff_ff_ff;

/**
 * Fills a table: each endpoint in turn takes the next free place of its own permutation of the places, as often as its
 * weight allows.
 *
 * @param ids sorted, since the order of the turns decides conflicts
 * @param weights above 0; undefined when all are equal
 * @returns the index of the endpoint at each place
 */
export function maglevTable(ids: readonly string[], weights: readonly number[] | undefined): Uint32Array {
  const table = new Uint32Array(MAGLEV_SIZE).fill(ids.length === 0 ? 0 : FREE);
  if (ids.length === 0) return table;
  const places = Uint32Array.from(ids, (id) => hashString(id, OFFSET_SEED) % MAGLEV_SIZE);
  const skips = Uint32Array.from(ids, (id) => (hashString(id, SKIP_SEED) % (MAGLEV_SIZE - 1)) + 1);
  const turns = weights && weightedTurns(weights, MAGLEV_SIZE);
  for (let filled = 0; filled < MAGLEV_SIZE; filled++) {
    const index = turns?.[filled] ?? filled % ids.length;
    const skip = skips[index] ?? 1;
    let place = places[index] ?? 0;
    while (table[place] !== FREE) {
      place += skip;
      if (place >= MAGLEV_SIZE) place -= MAGLEV_SIZE;
    }
    table[place] = index;
    places[index] = place;
  }
  return table;
}
