import { countedOnce, type Increment } from './counted-once.js';

/** Increments in order: `+` is done, `-` is not, `?` is unknown; each to the number given. */
function increments(...answers: readonly (readonly [string, number])[]): Increment[] {
  const outcomes = { '+': 'done', '-': 'not done', '?': 'unknown' } as const;
  return answers.map(([sign, to], i) => ({ who: `c${i}`, to, outcome: outcomes[sign as '+'] }));
}

describe('counted once', () => {
  it.each([
    [increments(['+', 1], ['-', 1], ['+', 2]), 2],
    [increments(['+', 1], ['?', 2]), 1],
    [increments(['+', 1], ['?', 2], ['+', 3]), 3],
    [[], 0],
  ])('holds for %j and %d', (answers, final) => {
    expect(countedOnce(answers, final, 'n')).toEqual([]);
  });

  it.each([
    ['one that took effect twice', increments(['+', 1]), 2],
    ['one that is missing', increments(['+', 1], ['+', 2]), 1],
    ['one that took effect though it was refused', increments(['+', 1], ['-', 2]), 2],
    ['two that received the same answer', increments(['+', 1], ['+', 1], ['?', 2]), 2],
  ])('fails for %s', (_, answers, final) => {
    expect(countedOnce(answers, final, 'n')).toHaveLength(1);
  });
});
