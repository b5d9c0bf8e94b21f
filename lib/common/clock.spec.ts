import { systemClock } from './clock.js';

describe('systemClock', () => {
  it.each([2_147_483_648, 3e12, Infinity])('does not fire a timer of %d ms immediately', async (delay) => {
    let ran = 0;
    const timer = systemClock.after(delay, () => (ran += 1));
    const due = new Promise<void>((resolve) => void systemClock.after(20, resolve));
    await due;
    expect(ran).toBe(0);
    timer.cancel();
  });
});
