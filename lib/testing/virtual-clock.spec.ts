import { readFile } from 'node:fs/promises';
import { VirtualClock } from './virtual-clock.js';

describe('VirtualClock.until', () => {
  const later = (clock: VirtualClock, ms: number): Promise<number> =>
    new Promise((resolve) => {
      clock.after(ms, () => resolve(ms));
    });

  it('advances until the promise settles, and no further', async () => {
    const clock = new VirtualClock();
    clock.after(5_000, () => undefined);
    await expect(clock.until(later(clock, 2_000))).resolves.toBe(2_000);
    expect([clock.now(), clock.pending]).toEqual([2_000, 1]);
  });

  it('passes on a rejection', async () => {
    await expect(new VirtualClock().until(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('advances for timers that follow work outside of the clock', async () => {
    const clock = new VirtualClock();
    const read = readFile(new URL(import.meta.url)).then(() => later(clock, 2_000));
    await expect(clock.until(read)).resolves.toBe(2_000);
  });

  it('fails when the time is over', async () => {
    const clock = new VirtualClock();
    await expect(clock.until(later(clock, 2_000), 1_000)).rejects.toThrow(
      'Expected the promise to settle within 1000 ms of the virtual clock, it is pending.',
    );
  });
});
