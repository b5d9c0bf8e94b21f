import { everyTick, noTickTwice, termsOfTicksGrow, type TickRun } from './ticks.js';

const history = (...runs: readonly [string, number, number, string?][]): TickRun[] =>
  runs.map(([who, tick, at, term = '1']) => ({ who, tick, at, term }));

describe('the validators of ticks', () => {
  it('accept one run of each tick, and a gap where no process led', () => {
    const runs = history(['a', 1, 1_000], ['a', 2, 2_000], ['b', 6, 6_000, '2'], ['b', 7, 7_000, '2']);
    expect(noTickTwice(runs)).toEqual([]);
    expect(everyTick(runs, { except: [[2_500, 5_500]] })).toEqual([]);
    expect(termsOfTicksGrow(runs)).toEqual([]);
  });

  it('find a tick that ran in two processes, and twice in one', () => {
    expect(noTickTwice(history(['a', 1, 1_000], ['b', 1, 1_500, '2']))).toEqual([
      {
        promise: 'no tick runs twice',
        who: 'b',
        at: 1_500,
        text: 'Tick 1 ran in a (term 1) and in b (term 2), 500 ms later.',
      },
    ]);
    expect(noTickTwice(history(['a', 1, 1_000], ['a', 1, 1_001]), 'once')[0]?.promise).toBe('once');
  });

  it('find ticks that did not run', () => {
    const runs = history(['a', 1, 1_000], ['a', 2, 2_000], ['a', 5, 5_000]);
    expect(everyTick(runs).map(({ text }) => text)).toEqual(['Of the ticks 2 to 5, 2 did not run.']);
    expect(everyTick(runs, { except: [[5_500, 6_000]] })).toHaveLength(1);
    expect(everyTick(runs, { except: [[0, 1_500]] })).toHaveLength(1);
  });

  it('find a term that goes back, and one of two processes', () => {
    expect(termsOfTicksGrow(history(['a', 1, 1_000, '10'], ['b', 2, 2_000, '9']))).toHaveLength(1);
    expect(termsOfTicksGrow(history(['a', 1, 1_000, '10'], ['b', 2, 2_000, '10']))).toHaveLength(1);
  });
});
