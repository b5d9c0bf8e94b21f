import { CallWindow, countersOf } from './call-window.js';

const sample = (calls: number, failures = 0, totalMs = calls) =>
  new Map([['web', countersOf([{ id: 'a', calls, failures, totalMs }])]]);

describe('CallWindow', () => {
  it('counts the calls since the oldest sample', () => {
    const window = new CallWindow();
    window.add(sample(10, 1));
    window.add(sample(25, 2));
    expect(window.since('web', 'a', { calls: 30, failures: 4, totalMs: 130 })).toEqual({
      calls: 20,
      failures: 3,
      totalMs: 120,
    });
  });

  it('forgets what is older than a minute', () => {
    const window = new CallWindow();
    for (let index = 0; index <= 20; index++) window.add(sample(index * 10));
    // The samples of 5 s that remain are the last 12: the oldest holds 90.
    expect(window.since('web', 'a', { calls: 200, failures: 0, totalMs: 0 }).calls).toBe(110);
  });

  it('counts a new endpoint, and one whose counters restarted, from 0', () => {
    const window = new CallWindow();
    window.add(sample(10));
    const now = { calls: 3, failures: 0, totalMs: 3 };
    expect(window.since('web', 'b', now)).toEqual(now);
    expect(window.since('web', 'a', now)).toEqual(now);
  });

  it('gives the calls of a service in each interval', () => {
    const window = new CallWindow();
    window.add(sample(0));
    window.add(sample(4));
    window.add(sample(4));
    expect(window.history('web', sample(10).get('web')!)).toEqual([4, 0, 6]);
    expect(window.history('other', new Map())).toEqual([0, 0, 0]);
  });
});
