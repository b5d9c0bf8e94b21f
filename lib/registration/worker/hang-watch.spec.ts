import { VirtualClock } from '../../testing/virtual-clock.js';
import { startPulse, watchPulse } from './hang-watch.js';

describe('the watch over the main thread', () => {
  const pulse = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

  function watched(clock: VirtualClock, counter: Int32Array, maxHang: number): string[] {
    const reports: string[] = [];
    watchPulse(clock, counter, maxHang, {
      onHang: () => reports.push(`hangs at ${clock.now()}`),
      onBack: () => reports.push(`back at ${clock.now()}`),
    });
    return reports;
  }

  it('reports once that the thread has hung for `maxHang`, and once that it has recovered', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    const reports = watched(clock, counter, 1_000);
    await clock.advance(5_000);
    const living = startPulse(clock, counter);
    await clock.advance(5_000);
    living.cancel();
    expect(reports).toEqual(['hangs at 1200', 'back at 5050']);
  });

  it('reports nothing while the thread is alive', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    startPulse(clock, counter);
    const reports = watched(clock, counter, 1_000);
    await clock.advance(60_000);
    expect(reports).toEqual([]);
  });

  it('does not mistake a process that was stopped as a whole for a hung thread', async () => {
    const clock = new VirtualClock();
    const counter = pulse();
    // Its timer is first, as the watching thread may resume first.
    const reports = watched(clock, counter, 1_000);
    startPulse(clock, counter);
    await clock.advance(2_000);
    await clock.jump(60_000);
    await clock.advance(2_000);
    expect(reports).toEqual([]);
  });
});
