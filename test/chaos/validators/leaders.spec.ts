import { type LeaderSample, oneLeader, reigns } from './leaders.js';

const history = (...samples: readonly [string, number, string?][]): LeaderSample[] =>
  samples.map(([who, at, term]) => ({ who, at, term }));

const promises = (...samples: readonly [string, number, string?][]): string[] =>
  oneLeader(history(...samples)).map(({ promise }) => promise);

describe('oneLeader', () => {
  it('accepts one leader after the other', () => {
    expect(
      promises(['a', 0, '7'], ['b', 0], ['a', 10, '7'], ['a', 20], ['b', 30, '9'], ['b', 40, '9']),
    ).toEqual([]);
  });

  it('accepts a leader that leads again in its term', () => {
    expect(promises(['a', 0, '7'], ['a', 10], ['a', 20, '7'], ['b', 15])).toEqual([]);
  });

  it('finds two leaders at one moment', () => {
    expect(promises(['a', 0, '7'], ['b', 0, '9'])).toEqual(['never two leaders']);
  });

  it('finds a leader within the claim of another, although no look coincides', () => {
    expect(promises(['a', 0, '7'], ['b', 5, '9'], ['a', 10, '7'], ['b', 6])).toContain('never two leaders');
  });

  it('names the promise that it is given', () => {
    const findings = oneLeader(history(['a', 0, '7'], ['b', 0, '9']), 'one run at a time');
    expect(findings.map(({ promise }) => promise)).toEqual(['one run at a time']);
  });

  it('does not take a paused process for a leader in between', () => {
    expect(promises(['a', 0, '7'], ['b', 5, '9'], ['b', 8, '9'], ['a', 10])).toEqual([]);
  });

  it('finds a leader that leads again in its term although another has led', () => {
    expect(promises(['a', 0, '7'], ['a', 1], ['b', 5, '9'], ['b', 6], ['a', 10, '7'])).toEqual([
      'terms grow',
    ]);
  });

  it('finds two processes in the same term, and a term that goes back', () => {
    expect(promises(['a', 0, '7'], ['a', 1], ['b', 5, '7'])).toEqual(['terms grow']);
    expect(promises(['a', 0, '10'], ['a', 1], ['b', 5, '9'])).toEqual(['terms grow']);
  });

  it('counts the terms', () => {
    expect(reigns(history(['a', 0, '7'], ['a', 1], ['a', 2, '7'], ['b', 5, '9']))).toBe(2);
  });
});
