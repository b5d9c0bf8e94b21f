import { type Happening, type KeyChange, type ListNews } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import {
  endsWith,
  marksNeverGoBack,
  netDifference,
  neverWithout,
  noFalseEmpty,
  seenWithin,
  statesOfTheStore,
} from './lists.js';
import { statesOf } from './store-states.js';

const FOLLOWER = { who: 'app', service: 'cats' };

const put = (revision: number, id: string, value: string): KeyChange => ({
  key: `cats/${id}`,
  kind: 'put',
  revision,
  value,
});
const del = (revision: number, id: string): KeyChange => ({ key: `cats/${id}`, kind: 'delete', revision });

/** Revision 3 changes two at once, 4 changes another service, 6 is no instance, 8 takes the last one. */
const history = [
  put(2, 'a', '1'),
  put(3, 'a', '2'),
  put(3, 'b', '2'),
  { key: 'dogs/x', kind: 'put', revision: 4, value: '9' } as const,
  del(5, 'a'),
  put(6, 'b', 'rubbish'),
  put(7, 'b', '3'),
  del(8, 'b'),
];
const states = statesOf(history, 'cats/', (value) => (/^\d+$/.test(value) ? value : undefined));

class Recorded {
  readonly recorder = new Recorder(() => 0);

  list(at: number, members: Record<string, string>, news?: ListNews): this {
    const endpoints = Object.entries(members).map(([id, n]) => ({ id, meta: { n } }));
    const list: Happening = { kind: 'endpoints', service: 'cats', endpoints, revision: 1, stale: false };
    this.recorder.record('app', news ? { ...list, news } : list, at);
    return this;
  }

  get events() {
    return this.recorder.events;
  }
}

const recorded = (): Recorded => new Recorded();
const promises = (findings: readonly { readonly promise: string }[]): string[] =>
  findings.map(({ promise }) => promise);

describe('the states of a store', () => {
  it('are what each revision makes, a value that is none leaving the last good one', () => {
    expect(states.map(({ revision, members }) => [revision, members])).toEqual([
      [0, {}],
      [2, { a: '1' }],
      [3, { a: '2', b: '2' }],
      [4, { a: '2', b: '2' }],
      [5, { b: '2' }],
      [6, { b: '2' }],
      [7, { b: '3' }],
      [8, {}],
    ]);
  });
});

describe('lists as states of the store', () => {
  it.each<[string, Recorded]>([
    [
      'each',
      recorded()
        .list(1, {})
        .list(2, { a: '1' })
        .list(3, { a: '2', b: '2' })
        .list(4, { b: '2' })
        .list(5, { b: '3' })
        .list(6, {}),
    ],
    ['some of them', recorded().list(1, { a: '2', b: '2' }).list(2, {})],
    ['the last alone', recorded().list(1, {})],
  ])('hold for %s', (_, { events }) => {
    expect(statesOfTheStore(events, FOLLOWER, states)).toEqual([]);
  });

  it.each<[string, Recorded, string[]]>([
    ['half of a revision', recorded().list(1, { a: '2' }).list(2, {}), ['states of the store']],
    ['a mark that never was', recorded().list(1, { b: '4' }).list(2, {}), ['states of the store']],
    [
      'what was before',
      recorded().list(1, { b: '3' }).list(2, { b: '2' }).list(3, {}),
      ['states of the store'],
    ],
    ['an end too early', recorded().list(1, { a: '1' }).list(2, { b: '3' }), ['the last list']],
    ['no list at all', recorded(), ['states of the store']],
  ])('fail for %s', (_, { events }, broken) => {
    expect(promises(statesOfTheStore(events, FOLLOWER, states))).toEqual(broken);
  });
});

describe('the last list', () => {
  it('is the one that counts', () => {
    const { events } = recorded().list(1, { a: '1' }).list(2, { b: '1' });
    expect(endsWith(events, FOLLOWER, { b: '1' })).toEqual([]);
    expect(promises(endsWith(events, FOLLOWER, { a: '1' }))).toEqual(['the last list']);
    expect(promises(endsWith([], FOLLOWER, {}))).toEqual(['the last list']);
  });
});

describe('marks', () => {
  it('never go back, not by way of being gone either', () => {
    expect(
      marksNeverGoBack(recorded().list(1, { a: '1' }).list(2, { a: '10' }).list(3, {}).events, FOLLOWER),
    ).toEqual([]);
    const back = recorded().list(1, { a: '10', b: '1' }).list(2, {}).list(3, { a: '9', b: '1' });
    expect(promises(marksNeverGoBack(back.events, FOLLOWER))).toEqual(['never back']);
  });
});

describe('an empty list', () => {
  const emptied = recorded().list(10_000, { a: '1' }).list(20_000, {}).events;

  it('is right where the store was empty then, or shortly before', () => {
    expect(noFalseEmpty(emptied, FOLLOWER, [{ from: 19_000, to: Infinity }])).toEqual([]);
    expect(noFalseEmpty(emptied, FOLLOWER, [{ from: 16_000, to: 17_000 }])).toEqual([]);
    expect(noFalseEmpty(recorded().list(1, {}).list(2, { a: '1' }).events, FOLLOWER)).toEqual([]);
  });

  it.each([
    ['never', []],
    ['only later', [{ from: 20_001, to: Infinity }]],
    ['long ago', [{ from: 1, to: 10_000 }]],
  ])('is wrong where the store was so %s', (_, spans) => {
    expect(promises(noFalseEmpty(emptied, FOLLOWER, spans))).toEqual(['no false empty']);
  });
});

describe('instances that must not be missing', () => {
  const { events } = recorded().list(1, {}).list(5, { a: '1', b: '1' }).list(9, { a: '1' });

  it('may be missing at other times', () => {
    expect(neverWithout(events, FOLLOWER, ['a', 'b'], { from: 5, to: 8 })).toEqual([]);
    expect(neverWithout(events, FOLLOWER, ['a', 'b'], { from: 6, to: 8 })).toEqual([]);
    expect(neverWithout(events, FOLLOWER, ['a'], { from: 6, to: 99 })).toEqual([]);
  });

  it('are missed in a list of that time, and in the one it begins with', () => {
    expect(promises(neverWithout(events, FOLLOWER, ['a', 'b'], { from: 6, to: 9 }))).toEqual([
      'never without',
    ]);
    expect(promises(neverWithout(events, FOLLOWER, ['b'], { from: 3, to: 4 }))).toEqual(['never without']);
    expect(promises(neverWithout([], FOLLOWER, ['b'], { from: 3, to: 4 }))).toEqual(['never without']);
  });
});

describe('the net difference', () => {
  const news = (added: string[], updated: string[], removed: string[]): ListNews => ({
    added,
    updated,
    removed,
  });
  const span = { from: 5, to: 9 };

  it('is one list with it, or none where there is none', () => {
    const one = recorded()
      .list(1, { a: '1' })
      .list(6, { b: '1' }, news(['b'], [], ['a']));
    expect(netDifference(one.events, FOLLOWER, span, news(['b'], [], ['a']))).toEqual([]);
    expect(netDifference(recorded().list(1, { a: '1' }).events, FOLLOWER, span, undefined)).toEqual([]);
  });

  it.each<[string, Recorded, ListNews | undefined]>([
    ['no list', recorded(), news(['b'], [], [])],
    ['a list where nothing is new', recorded().list(6, {}, news([], [], [])), undefined],
    ['less than the difference', recorded().list(6, {}, news(['b'], [], [])), news(['b'], [], ['a'])],
    ['more than the difference', recorded().list(6, {}, news(['b'], ['c'], [])), news(['b'], [], [])],
    [
      'the difference in two lists',
      recorded()
        .list(6, {}, news(['b'], [], []))
        .list(7, {}, news([], [], ['a'])),
      news(['b'], [], ['a']),
    ],
  ])('is not %s', (_, { events }, expected) => {
    expect(promises(netDifference(events, FOLLOWER, span, expected))).toEqual(['net difference']);
  });
});

describe('a change', () => {
  const { events } = recorded().list(1, { a: '1' }).list(50, { a: '2' }).list(70, {});

  it('is seen in time', () => {
    expect(seenWithin(events, FOLLOWER, ['a', '2'], 10, 40)).toEqual([]);
    expect(seenWithin(events, FOLLOWER, ['a', undefined], 60, 40)).toEqual([]);
  });

  it('is seen too late, or never', () => {
    expect(promises(seenWithin(events, FOLLOWER, ['a', '2'], 10, 39))).toEqual(['seen in time']);
    expect(promises(seenWithin(events, FOLLOWER, ['a', '3'], 10, 1_000))).toEqual(['seen in time']);
  });
});
