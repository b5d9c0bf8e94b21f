import { VirtualClock } from '../testing/virtual-clock.js';
import { Connectivity } from './connectivity.js';

function setUp(): {
  clock: VirtualClock;
  reach: Connectivity;
  tries: number[];
  wait: (delay: number) => void;
} {
  const clock = new VirtualClock();
  const reach = new Connectivity(clock);
  const tries: number[] = [];
  const wait = (delay: number): void => {
    reach.scheduleRetry(delay, () => {
      tries.push(clock.now());
    });
  };
  return { clock, reach, tries, wait };
}

describe('the reach of a cluster', () => {
  it('has whoever is alone try after the pause', async () => {
    const { clock, reach, tries, wait } = setUp();
    reach.reportFailure();
    wait(2_000);
    await clock.advance(2_000);
    expect(tries).toEqual([2_000]);
    expect(clock.pending).toBe(0);
  });

  it('takes the tries of others for one’s own, though not for ever', async () => {
    const { clock, reach, tries, wait } = setUp();
    wait(2_000);
    for (let i = 0; i < 20; i += 1) {
      await clock.advance(1_700);
      reach.reportFailure();
    }
    expect(tries).toEqual([30_000]);
  });

  it('does not wait for others who have stopped', async () => {
    const { clock, reach, tries, wait } = setUp();
    wait(2_000);
    await clock.advance(1_000);
    reach.reportFailure();
    await clock.advance(10_000);
    expect(tries).toEqual([7_000]);
  });

  it('goes on with the first answer that anybody gets', async () => {
    const { clock, reach, tries, wait } = setUp();
    reach.reportFailure();
    wait(4_000);
    wait(4_000);
    await clock.advance(100);
    reach.reportAnswer();
    expect(tries).toEqual([100, 100]);
    expect(clock.pending).toBe(0);
  });

  it('takes no notice of answers while nothing is wrong', async () => {
    const { clock, reach, tries, wait } = setUp();
    wait(500);
    reach.reportAnswer();
    expect(tries).toEqual([]);
    await clock.advance(500);
    expect(tries).toEqual([500]);
  });

  it('lets go of who is no longer interested', async () => {
    const { clock, reach } = setUp();
    reach.reportFailure();
    const waiting = reach.scheduleRetry(1_000, () => {
      throw new Error('It was not wanted any more.');
    });
    waiting.cancel();
    reach.reportAnswer();
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });
});
