import { type Random } from '../../lib/common/random.js';

/** Numbers in [0, 1) that are the same for the same seed: a small generator with 32 bits of state (splitmix). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A seed to print, so that a run can be repeated. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** Returns an integer from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of `choices`, which must not be empty. */
export function pickOne<T>(random: Random, choices: readonly T[]): T {
  if (choices.length === 0) throw new Error('Expected at least one choice, got none');
  return choices[Math.floor(random() * choices.length)]!;
}
