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
});
