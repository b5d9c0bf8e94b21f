import { Recorder } from '../recording/recorder.js';
import { neverGivesUp } from './attempts.js';

/** Judges counts that were taken every 500 ms. */
function judge(...counts: number[]): string[] {
  const recorder = new Recorder(() => 0);
  for (const [i, count] of counts.entries())
    recorder.record('proxy', { kind: 'requests', what: 'connections', count }, i * 500);
  const span = { from: 0, to: (counts.length - 1) * 500 };
  const bounds = { longest: 1_500, perSecond: 3 };
  return neverGivesUp(recorder.events, 'proxy', 'connections', span, bounds).map(({ promise }) => promise);
}

describe('never gives up', () => {
  it('holds when attempts continue within their bounds', () => {
    expect(judge(0, 0, 1, 1, 1, 2, 3, 4, 4, 4)).toEqual([]);
  });

  it('fails when they stop, and when there are none', () => {
    expect(judge(0, 1, 1, 1, 1, 1, 2)).toEqual(['never gives up']);
    expect(judge(0, 1, 2, 2, 2, 2, 2)).toEqual(['never gives up']);
    expect(judge(5, 5, 5, 5, 5)).toEqual(['never gives up']);
  });

  it('fails when they come without a pause', () => {
    expect(judge(0, 1, 5, 6, 7)).toEqual(['bounded attempts']);
  });
});
