import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { noLeaseLeft, oneLeaseAtATime } from './leases.js';

/** Looks at the leases, one every 50 ms and 10 ms long; each letter is a lease. */
function looks(...seen: string[]): readonly Event[] {
  const recorder = new Recorder(() => 0);
  for (const [i, leases] of seen.entries())
    recorder.record('leases', { kind: 'leases', began: i * 50, leases: leases.split('') }, i * 50 + 10);
  return recorder.events;
}

describe('one lease at a time', () => {
  it('holds while one follows another', () => {
    expect(oneLeaseAtATime(looks('', 'a', 'a', '', 'b'), 'leases')).toEqual([]);
    expect(oneLeaseAtATime(looks('ab', 'bc'), 'leases', 2)).toEqual([]);
  });

  it('fails for two live leases at once, and without any lease', () => {
    expect(oneLeaseAtATime(looks('a', 'ab', 'b'), 'leases')).toHaveLength(1);
    expect(oneLeaseAtATime(looks('', ''), 'leases')).toHaveLength(1);
    expect(oneLeaseAtATime([], 'leases')).toHaveLength(1);
  });
});

describe('no lease left', () => {
  it('holds when the last look begins after the moment and finds none', () => {
    expect(noLeaseLeft(looks('a', 'a', ''), 'leases', 100)).toEqual([]);
  });

  it('fails for a lease that is left, and without a look', () => {
    expect(noLeaseLeft(looks('a', 'a', '', 'b'), 'leases', 100)).toHaveLength(1);
    expect(noLeaseLeft(looks('a', ''), 'leases', 500)).toHaveLength(1);
  });
});
