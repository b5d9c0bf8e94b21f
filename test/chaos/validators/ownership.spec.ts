import { type KeyChange } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { durationsOf, repairedInTime } from './in-time.js';
import {
  alwaysBound,
  lastWith,
  neverGoesBack,
  neverTaken,
  noFlapping,
  notResurrected,
  takenByRight,
  tenuresOf,
} from './ownership.js';

/** A history of key `k`: a letter writes that value by a session of its own, `-` deletes, `!` is a value without a session. */
function history(signs: string): KeyChange[] {
  return Array.from(signs, (sign, i): KeyChange => {
    if (sign === '-') return { key: 'k', kind: 'delete', revision: i + 1 };
    const bound = sign === '!' ? {} : { lease: `lease of ${sign}` };
    return { key: 'k', kind: 'put', revision: i + 1, value: sign, ...bound };
  });
}

const foreign = (value: string): boolean => value === '!';

describe('tenures', () => {
  it('join what one holder writes again, over an absence as well', () => {
    expect(tenuresOf(history('aa-ab')).map(({ holder, over }) => [holder, over])).toEqual([
      ['a', undefined],
      ['b', 'a'],
    ]);
  });
});

describe('no flapping', () => {
  it.each([
    ['ab-a', { arrivals: 2, departures: 1 }],
    ['a-a-a', { arrivals: 1, departures: 0 }],
  ])('holds for %s with %j', (signs, comings) => {
    expect(noFlapping(history(signs), 'k', comings)).toEqual([]);
  });

  it.each([
    ['abab', { arrivals: 2, departures: 1 }],
    ['aba', { arrivals: 2, departures: 0 }],
    ['ab-ab', { arrivals: 2, departures: 1 }],
  ])('fails for %s with %j', (signs, comings) => {
    expect(noFlapping(history(signs), 'k', comings)).toHaveLength(1);
  });
});

describe('taken by right', () => {
  it.each(['abc', 'ab-a', 'a!a', 'ab!a', 'aa'])('holds for %s', (signs) => {
    expect(takenByRight(history(signs), 'k', foreign)).toEqual([]);
  });

  it.each(['aba', 'abc-ac', 'ab-abc-ba'])('fails for %s', (signs) => {
    expect(takenByRight(history(signs), 'k', foreign).length).toBeGreaterThan(0);
  });
});

describe('always bound', () => {
  it('holds where every value has a life behind it, but for foreign ones', () => {
    expect(alwaysBound(history('ab-a'), 'k')).toEqual([]);
    expect(alwaysBound(history('a!a'), 'k', foreign)).toEqual([]);
  });

  it('fails for each that has none', () => {
    expect(alwaysBound(history('a!-!'), 'k')).toHaveLength(2);
  });
});

describe('the last has it', () => {
  it('holds for one of the values given', () => {
    expect(lastWith(history('ab'), 'k', 'b')).toEqual([]);
    expect(lastWith(history('ab-'), 'k', undefined)).toEqual([]);
    expect(lastWith([], 'k', 'a', undefined)).toEqual([]);
  });

  it('fails for another, for none, and for one that came back', () => {
    expect(lastWith(history('ab'), 'k', 'a')).toHaveLength(1);
    expect(lastWith(history('a-'), 'k', 'a')).toHaveLength(1);
    expect(lastWith(history('a-a'), 'k', undefined)).toHaveLength(1);
  });
});

describe('never goes back', () => {
  it('holds for values in their order, with some left out, and written again by the same owner', () => {
    expect(neverGoesBack(history('abd'), 'k', ['a', 'b', 'c', 'd'])).toEqual([]);
    expect(neverGoesBack(history('aa-ab'), 'k', ['a', 'b'])).toEqual([]);
  });

  it('fails for an older value after a newer, and for an unknown value', () => {
    expect(neverGoesBack(history('aba'), 'k', ['a', 'b'])).toHaveLength(1);
    expect(neverGoesBack(history('b-a'), 'k', ['a', 'b'])).toHaveLength(1);
    expect(neverGoesBack(history('ax'), 'k', ['a', 'b'])).toHaveLength(1);
  });
});

describe('repaired in time', () => {
  const recording = (...times: readonly (readonly [number, number | undefined])[]): Recorder => {
    const recorder = new Recorder(() => 0);
    for (const [begin, end] of times) {
      recorder.record('k', { kind: 'fault', what: 'delete', phase: 'begin' }, begin);
      if (end !== undefined) recorder.record('k', { kind: 'fault', what: 'delete', phase: 'end' }, end);
    }
    return recorder;
  };

  it('holds when each ended soon enough', () => {
    const { events } = recording([0, 100], [500, 1_400]);
    expect(durationsOf(events, 'k', 'delete')).toEqual([100, 900]);
    expect(repairedInTime(events, 'k', 'delete', 1_000)).toEqual([]);
  });

  it('fails for what took too long, for what never ended, and where nothing was done', () => {
    expect(repairedInTime(recording([0, 100], [500, 1_600]).events, 'k', 'delete', 1_000)).toHaveLength(1);
    expect(repairedInTime(recording([0, undefined]).events, 'k', 'delete', 1_000)[0]?.text).toContain(
      'never',
    );
    expect(repairedInTime(recording([0, 100]).events, 'other', 'delete', 1_000)).toHaveLength(1);
  });
});

describe('never taken', () => {
  it('holds where each waits for the one before to go', () => {
    expect(neverTaken(history('aa-b-c'), 'k')).toEqual([]);
  });

  it('fails for each that writes over another', () => {
    expect(neverTaken(history('ab-cb'), 'k')).toHaveLength(2);
  });
});

describe('not resurrected', () => {
  it('holds for a key that stays away, and one that never was', () => {
    expect(notResurrected(history('ab-'), 'k')).toEqual([]);
    expect(notResurrected([], 'k')).toEqual([]);
  });

  it('fails for what is written after it went', () => {
    expect(notResurrected(history('a-a-b'), 'k')).toHaveLength(2);
  });
});
