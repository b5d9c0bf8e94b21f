import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { pace, steadyPace } from './pace.js';

/** A look every 100 ms that finds these counts. */
function looks(...counts: number[]): readonly Event[] {
  const recorder = new Recorder(() => 0);
  for (const [i, count] of counts.entries())
    recorder.record('server', { kind: 'requests', what: 'renewals', count }, i * 100);
  return recorder.events;
}

const judge = (events: readonly Event[]) => steadyPace(events, 'server', 'renewals', 200, 0.1);

describe('steady pace', () => {
  it('holds for one every so often, wherever the looks begin', () => {
    expect(judge(looks(7, 8, 8, 9, 9, 10))).toEqual([]);
    expect(judge(looks(7, 7, 8, 8, 9, 9, 10, 10))).toEqual([]);
  });

  it('counts two between two looks as two', () => {
    expect(pace(looks(0, 1, 1, 1, 1, 3), 'server', 'renewals')).toBe(200);
  });

  it.each([
    ['too often', [0, 1, 2, 3, 4, 5]],
    ['too often by many at once', [0, 100, 100, 200, 200, 300]],
    ['too seldom', [0, 1, 1, 1, 1, 2, 2, 2, 2, 3]],
    ['once', [0, 1, 1, 1]],
    ['never', [5, 5, 5, 5]],
  ])('fails where they come %s', (_, counts) => {
    expect(judge(looks(...counts))).toHaveLength(1);
  });
});
