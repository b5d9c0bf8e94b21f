import { countedOnce, type Increment } from './counted-once.js';

/** Increments in order: `+` is done, `-` is not, `?` is unknown; each to the number given. */
function increments(...told: readonly (readonly [string, number])[]): Increment[] {
  const outcomes = { '+': 'done', '-': 'not done', '?': 'unknown' } as const;
  return told.map(([sign, to], i) => ({ who: `c${i}`, to, outcome: outcomes[sign as '+'] }));
}

describe('counted once', () => {
  it.each([
    [increments(['+', 1], ['-', 1], ['+', 2]), 2],
    [increments(['+', 1], ['?', 2]), 1],
    [increments(['+', 1], ['?', 2], ['+', 3]), 3],
    [[], 0],
  ])('holds for %j and %d', (told, final) => {
    expect(countedOnce(told, final, 'n')).toEqual([]);
  });

  it.each([
    ['one that took effect twice', increments(['+', 1]), 2],
    ['one that is missing', increments(['+', 1], ['+', 2]), 1],
    ['one that took effect though it was refused', increments(['+', 1], ['-', 2]), 2],
    ['two that were told the same', increments(['+', 1], ['+', 1], ['?', 2]), 2],
  ])('fails for %s', (_, told, final) => {
    expect(countedOnce(told, final, 'n')).toHaveLength(1);
  });
});
