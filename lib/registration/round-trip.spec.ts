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

  it('doubles the next timeout after a request without a response', () => {
    const roundTrip = new RoundTrip();
    roundTrip.answered(20);
    roundTrip.exceeded(600);
    expect(3 * roundTrip.ms).toBe(1_200);
    roundTrip.answered(700);
    expect(roundTrip.ms).toBe(700);
  });
});
