import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { neverStale, noPickFailed, saidAt, saidWithin, seldomAsked, staleWithAge } from './freshness.js';

const FOLLOWER = { who: 'app', service: 'cats' };

function recorded(
  ...all: readonly (readonly [at: number, stale: boolean, age?: number])[]
): readonly Event[] {
  const recorder = new Recorder(() => 0);
  for (const [at, stale, age] of all)
    recorder.record(
      'app',
      { kind: 'freshness', service: 'cats', stale, ...(age === undefined ? {} : { age }) },
      at,
    );
  return recorder.events;
}

const promises = (findings: readonly { readonly promise: string }[]): string[] =>
  findings.map(({ promise }) => promise);

describe('what a list says of its freshness', () => {
  const events = recorded([0, false, 0], [5_000, true, 5], [6_000, true, 6], [9_000, false, 0]);

  it('is found from a moment on, and in force where it was said before', () => {
    expect(saidAt(events, FOLLOWER, true, 1_000)).toBe(5_000);
    expect(saidAt(events, FOLLOWER, true, 5_500)).toBe(5_500);
    expect(saidAt(events, FOLLOWER, false, 5_500)).toBe(9_000);
    expect(saidAt(events, FOLLOWER, true, 9_500)).toBeUndefined();
  });

  it('comes in time or not', () => {
    expect(saidWithin(events, FOLLOWER, true, 1_000, 4_000)).toEqual([]);
    expect(promises(saidWithin(events, FOLLOWER, true, 1_000, 3_999))).toEqual(['stale in time']);
    expect(promises(saidWithin(events, FOLLOWER, false, 7_000, 1_000))).toEqual(['fresh in time']);
    expect(promises(saidWithin(events, FOLLOWER, true, 9_500, 1_000))).toEqual(['stale in time']);
  });
});

describe('a list that is to be fresh', () => {
  const events = recorded([0, true], [10, false, 0], [50, true, 1], [60, false, 0]);

  it('may be stale at other times alone', () => {
    expect(neverStale(events, FOLLOWER, { from: 10, to: 49 })).toEqual([]);
    expect(promises(neverStale(events, FOLLOWER, { from: 10, to: 50 }))).toEqual(['never stale']);
  });
});

describe('a list that is stale', () => {
  const span = { from: 1_000, to: 4_000 };

  it('ages with the time', () => {
    const events = recorded(
      [500, false, 0],
      [1_000, true, 5],
      [2_000, true, 6.1],
      [3_000, true, 7],
      [5_000, false, 0],
    );
    expect(staleWithAge(events, FOLLOWER, span)).toEqual([]);
  });

  it.each<[string, readonly Event[]]>([
    ['is fresh in between', recorded([1_000, true, 5], [2_000, false, 0], [3_000, true, 1])],
    ['stays as old as it was', recorded([1_000, true, 5], [2_000, true, 5])],
    ['has no age', recorded([1_000, true], [2_000, true])],
    ['says so once', recorded([1_000, true, 5])],
    ['gets younger', recorded([1_000, true, 5], [2_000, true, 6], [3_000, true, 1])],
  ])('is no good when it %s', (_, events) => {
    expect(promises(staleWithAge(events, FOLLOWER, span))).toContain('stale with its age');
  });
});

describe('picks', () => {
  it('never fail', () => {
    const recorder = new Recorder(() => 7);
    expect(noPickFailed(recorder.events, FOLLOWER)).toEqual([]);
    recorder.record('app', { kind: 'pick-failed', service: 'dogs', code: 'X' });
    expect(noPickFailed(recorder.events, FOLLOWER)).toEqual([]);
    recorder.record('app', { kind: 'pick-failed', service: 'cats', code: 'X' });
    expect(promises(noPickFailed(recorder.events, FOLLOWER))).toEqual(['no pick fails']);
    expect(noPickFailed(recorder.events, FOLLOWER, { from: 8, to: 9 })).toEqual([]);
  });
});

describe('a server', () => {
  function counted(...readings: readonly (readonly [at: number, count: number])[]): readonly Event[] {
    const recorder = new Recorder(() => 0);
    for (const [at, count] of readings)
      recorder.record('etcd', { kind: 'requests', what: 'lists', count }, at);
    return recorder.events;
  }

  it('is seldom asked', () => {
    expect(seldomAsked(counted([0, 0], [1_000, 3], [5_000, 7]), 'lists', 1, 2)).toEqual([]);
    expect(seldomAsked(counted([0, 100], [1_000, 3]), 'lists', 1, 2)).toEqual([]);
  });

  it('is asked more often where there are more faults', () => {
    const faults = (...times: number[]): Event[] =>
      times.map((at) => ({ at, who: 'server', kind: 'fault', what: 'kill', phase: 'begin' }));
    const events = counted([0, 0], [1_000, 3], [2_000, 6]);
    expect(promises(seldomAsked(events, 'lists', 1, 2))).toEqual(['seldom asked']);
    expect(promises(seldomAsked([...events, ...faults(2_500)], 'lists', 1, 2))).toEqual(['seldom asked']);
    expect(seldomAsked([...events, ...faults(1_500)], 'lists', 1, 2)).toEqual([]);
    const more = counted([0, 0], [1_000, 3], [2_000, 7]);
    expect(promises(seldomAsked([...more, ...faults(1_500)], 'lists', 1, 2))).toEqual(['seldom asked']);
  });

  it.each<[string, readonly Event[]]>([
    ['a burst', counted([0, 0], [1_000, 4])],
    ['more and more', counted([0, 0], [1_000, 2], [2_000, 4], [3_000, 6])],
    ['no count', counted([0, 0])],
    ['a burst after it was started again', counted([0, 100], [1_000, 1], [2_000, 9])],
  ])('is not to be asked by %s', (_, events) => {
    expect(promises(seldomAsked(events, 'lists', 1, 2))).toEqual(['seldom asked']);
  });
});
