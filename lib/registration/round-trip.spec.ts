import { VirtualClock } from '../testing/virtual-clock.js';
import { pause } from '../common/async/deadline.js';
import { RoundTrip } from './round-trip.js';

describe('RoundTrip', () => {
  it('takes a slower response in full, and a faster one gradually', () => {
    const roundTrip = new RoundTrip();
    roundTrip.answered(100);
    roundTrip.answered(500);
    expect(roundTrip.ms).toBe(500);
    roundTrip.answered(100);
    expect(roundTrip.ms).toBe(400);
  });

  it('replaces the time of an opening by the first response', () => {
    const roundTrip = new RoundTrip();
    roundTrip.opened(900);
    roundTrip.answered(300);
    expect(roundTrip.ms).toBe(300);
  });

  it('is patient with every other request after one without a response', () => {
    const roundTrip = new RoundTrip();
    roundTrip.answered(20);
    const patience = [1, 2, 3].map(() => {
      roundTrip.exceeded();
      return roundTrip.isPatient;
    });
    expect(patience).toEqual([true, false, true]);
    roundTrip.answered(700);
    expect(roundTrip.isPatient).toBe(false);
    expect(roundTrip.ms).toBe(700);
  });

  it('learns once from requests side by side that have no response', async () => {
    const clock = new VirtualClock();
    const roundTrip = new RoundTrip();
    const unanswered = async (): Promise<never> => {
      await pause(clock, 500);
      throw new Error('no response');
    };
    const both = Promise.allSettled([1, 2].map(() => roundTrip.measure(clock, 500, unanswered)));
    await clock.advance(500);
    await both;
    expect(roundTrip.isPatient).toBe(true);
  });

  it('learns nothing from a refusal, which comes before the timeout', async () => {
    const refusal = Promise.reject(new Error('denied'));
    const roundTrip = new RoundTrip();
    await expect(roundTrip.measure(new VirtualClock(), 500, () => refusal)).rejects.toThrow('denied');
    expect([roundTrip.ms, roundTrip.isPatient]).toEqual([0, false]);
  });
});
