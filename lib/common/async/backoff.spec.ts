import { Backoff } from './backoff.js';

const waits = (random: number, count: number): number[] => {
  const backoff = new Backoff({ baseMs: 100, capMs: 1_000 }, () => random);
  return Array.from({ length: count }, () => backoff.next());
};

describe('Backoff', () => {
  it('doubles the upper bound up to the cap, with full jitter below it and half jitter at it', () => {
    expect(waits(0, 6)).toEqual([0, 0, 0, 0, 500, 500]);
    expect(waits(0.5, 6)).toEqual([50, 100, 200, 400, 750, 750]);
    expect(waits(1, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('starts again at the base after reset', () => {
    const backoff = new Backoff({ baseMs: 100, capMs: 1_000 }, () => 1);
    for (let i = 0; i < 10; i += 1) backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});
