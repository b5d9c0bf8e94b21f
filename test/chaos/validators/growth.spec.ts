import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { atLeast, grewBy, noGrowth, nothingLeft } from './growth.js';

function heap(before: readonly number[], after: readonly number[]): readonly Event[] {
  let time = 0;
  const recorder = new Recorder(() => (time += 1));
  const measure = (when: 'before' | 'after') => (value: number) =>
    recorder.record('app', { kind: 'measured', what: 'heap', when, value });
  before.forEach(measure('before'));
  after.forEach(measure('after'));
  return recorder.events;
}

describe('no growth', () => {
  it.each([
    [[100], [105]],
    [[100], [90]],
    [
      [300, 100],
      [104, 101],
    ],
  ])('holds from %j to %j', (before, after) => {
    expect(noGrowth(heap(before, after), 'app', 'heap', 0.05)).toEqual([]);
  });

  it.each([
    [[100], [106]],
    [[300, 100], [110]],
    [[100], [101, 120]],
    [[100], []],
    [[], [100]],
  ])('fails from %j to %j', (before, after) => {
    expect(noGrowth(heap(before, after), 'app', 'heap', 0.05)).toHaveLength(1);
  });

  it('fails where another was measured', () => {
    expect(noGrowth(heap([100], [100]), 'other', 'heap', 0.05)).toHaveLength(1);
    expect(noGrowth(heap([100], [100]), 'app', 'sockets', 0.05)).toHaveLength(1);
  });
});

describe('nothing left', () => {
  it.each([
    [[7], [7]],
    [[7], [9, 6]],
  ])('holds from %j to %j', (before, after) => {
    expect(nothingLeft(heap(before, after), 'app', 'heap')).toEqual([]);
  });

  it.each([
    [[7], [8]],
    [[7], []],
    [[], [0]],
  ])('fails from %j to %j', (before, after) => {
    expect(nothingLeft(heap(before, after), 'app', 'heap')).toHaveLength(1);
  });

  it('counts from what is given where it is', () => {
    expect(nothingLeft(heap([], [0]), 'app', 'heap', 0)).toEqual([]);
    expect(nothingLeft(heap([5], [1]), 'app', 'heap', 0)).toHaveLength(1);
  });
});

describe('exactly so much more', () => {
  it('holds for that much', () => {
    expect(grewBy(heap([3], [4]), 'app', 'heap', 1)).toEqual([]);
  });

  it.each([
    [[3], [3]],
    [[3], [5]],
    [[3], []],
    [[], [1]],
  ])('fails from %j to %j', (before, after) => {
    expect(grewBy(heap(before, after), 'app', 'heap', 1)).toHaveLength(1);
  });
});

describe('enough', () => {
  it('holds for as many and for more', () => {
    expect(atLeast(heap([], [1]), 'app', 'heap', 1)).toEqual([]);
    expect(atLeast(heap([], [0, 2]), 'app', 'heap', 1)).toEqual([]);
  });

  it('fails for fewer, and without a count', () => {
    expect(atLeast(heap([], [2, 0]), 'app', 'heap', 1)).toHaveLength(1);
    expect(atLeast(heap([5], []), 'app', 'heap', 1)).toHaveLength(1);
  });
});
