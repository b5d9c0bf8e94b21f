import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { backSoon, busiest, noHerd } from './herd.js';

function connections(...times: number[]): readonly Event[] {
  const recorder = new Recorder(() => 0);
  for (const at of times) recorder.record('proxy', { kind: 'connected' }, at);
  return recorder.events;
}

function acknowledged(...times: (number | undefined)[]): { events: readonly Event[]; who: string[] } {
  const recorder = new Recorder(() => 0);
  const who = times.map((_, i) => `client ${i}`);
  for (const [i, at] of times.entries())
    if (at !== undefined) recorder.record(`client ${i}`, { kind: 'acknowledged' }, at);
  return { events: recorder.events, who };
}

describe('no herd', () => {
  it('holds where connections are spread out, and does not count those from before', () => {
    expect(noHerd(connections(0, 1, 2, 3, 1_000, 1_050, 1_100, 1_200), 1_000, 2)).toEqual([]);
  });

  it('fails for a crowd anywhere, however its moment lies to the clock', () => {
    expect(noHerd(connections(1_000, 1_290, 1_310, 1_385), 1_000, 2)).toHaveLength(1);
    expect(busiest(connections(1_000, 1_290, 1_310, 1_385), 1_000)).toEqual({ count: 3, at: 1_290 });
  });

  it('fails without any connection', () => {
    expect(noHerd(connections(10, 20), 1_000, 2)).toHaveLength(1);
  });
});

describe('back soon', () => {
  it('holds where all but one of a hundred are back in time', () => {
    const { events, who } = acknowledged(9_000, ...Array.from({ length: 99 }, (_, i) => 1_000 + i));
    expect(backSoon(events, who, 1_000, 200)).toEqual([]);
  });

  it('fails where two of a hundred are late', () => {
    const late = acknowledged(9_000, 9_000, ...Array.from({ length: 98 }, (_, i) => 1_000 + i));
    expect(backSoon(late.events, late.who, 1_000, 200)).toHaveLength(1);
  });

  it('fails where one never comes, and does not take an earlier acknowledgement for a return', () => {
    const never = acknowledged(undefined, ...Array.from({ length: 199 }, () => 1_000));
    expect(backSoon(never.events, never.who, 1_000, 200)[0]?.text).toContain('1 never came');
    const before = acknowledged(999, ...Array.from({ length: 199 }, () => 1_000));
    expect(backSoon(before.events, before.who, 1_000, 200)).toHaveLength(1);
  });
});
