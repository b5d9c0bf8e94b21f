import { VirtualClock } from '../testing/virtual-clock.js';
import { Connectivity } from './connectivity.js';

function setUp(): {
  clock: VirtualClock;
  connectivity: Connectivity;
  retries: number[];
  wait: (delay: number) => void;
} {
  const clock = new VirtualClock();
  const connectivity = new Connectivity(clock);
  const retries: number[] = [];
  const wait = (delay: number): void => {
    connectivity.scheduleRetry(delay, () => {
      retries.push(clock.now());
    });
  };
  return { clock, connectivity, retries, wait };
}

describe('Connectivity', () => {
  it('runs the retry of a single user after its delay', async () => {
    const { clock, connectivity, retries, wait } = setUp();
    connectivity.reportFailure();
    wait(2_000);
    await clock.advance(2_000);
    expect(retries).toEqual([2_000]);
    expect(clock.pending).toBe(0);
  });

  it('postpones a retry while others try, for at most 30 s', async () => {
    const { clock, connectivity, retries, wait } = setUp();
    wait(2_000);
    for (let i = 0; i < 20; i += 1) {
      await clock.advance(1_700);
      connectivity.reportFailure();
    }
    expect(retries).toEqual([30_000]);
  });

  it('runs the retry when the others have stopped trying', async () => {
    const { clock, connectivity, retries, wait } = setUp();
    wait(2_000);
    await clock.advance(1_000);
    connectivity.reportFailure();
    await clock.advance(10_000);
    expect(retries).toEqual([7_000]);
  });

  it('runs all reretries at the first answer', async () => {
    const { clock, connectivity, retries, wait } = setUp();
    connectivity.reportFailure();
    wait(4_000);
    wait(4_000);
    await clock.advance(100);
    connectivity.reportAnswer();
    expect(retries).toEqual([100, 100]);
    expect(clock.pending).toBe(0);
  });

  it('ignores answers while the cluster is reachable', async () => {
    const { clock, connectivity, retries, wait } = setUp();
    wait(500);
    connectivity.reportAnswer();
    expect(retries).toEqual([]);
    await clock.advance(500);
    expect(retries).toEqual([500]);
  });

  it('forgets a cancelled retry', async () => {
    const { clock, connectivity } = setUp();
    connectivity.reportFailure();
    const waiting = connectivity.scheduleRetry(1_000, () => {
      throw new Error('The retry was cancelled.');
    });
    waiting.cancel();
    connectivity.reportAnswer();
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });
});
