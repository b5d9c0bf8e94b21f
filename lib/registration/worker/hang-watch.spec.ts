import { VirtualClock } from '../../testing/virtual-clock.js';
import { startPulse, watchPulse } from './hang-watch.js';

describe('the watch over the main thread', () => {
  const pulse = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

  function watched(clock: VirtualClock, counter: Int32Array, maxHang: number): string[] {
    const told: string[] = [];
    watchPulse(clock, counter, maxHang, {
      onHang: () => told.push(`hangs at ${clock.now()}`),
      onBack: () => told.push(`back at ${clock.now()}`),
    });
    return told;
  }

  it('tells once that the thread has hung for `maxHang`, not a moment before, and once that it is back', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    const told = watched(clock, counter, 1_000);
    await clock.advance(5_000);
    const living = startPulse(clock, counter);
    await clock.advance(5_000);
    living.cancel();
    expect(told).toEqual(['hangs at 1200', 'back at 5050']);
  });

  it('says nothing of a thread that lives', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    startPulse(clock, counter);
    const told = watched(clock, counter, 1_000);
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('does not take a process that was stopped as a whole for a thread that hangs', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    // First in the order of the timers, as the watching thread may be the first to go on.
    const told = watched(clock, counter, 1_000);
    startPulse(clock, counter);
    await clock.advance(2_000);
    await clock.jump(60_000);
    await clock.advance(2_000);
    expect(told).toEqual([]);
  });
});
