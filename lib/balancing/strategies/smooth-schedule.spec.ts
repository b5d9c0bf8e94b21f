import fc from 'fast-check';
import { maxPlaces, smoothSchedule } from './smooth-schedule.js';

/** nginx's ngx_http_upstream_get_peer, as a reference. */
function nginx(weights: readonly number[], places: number): number[] {
  const current = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: places }, () => {
    let best = -1;
    weights.forEach((weight, index) => {
      current[index]! += weight;
      if (best < 0 || current[index]! > current[best]!) best = index;
    });
    current[best]! -= total;
    return best;
  });
}

describe('smoothSchedule', () => {
  it('orders weights 5, 1, 1 as nginx does', () => {
    expect([...smoothSchedule([5, 1, 1])]).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  it('is the order of nginx for any weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const schedule = [...smoothSchedule(weights)];
        expect(schedule).toEqual(nginx(weights, schedule.length));
      }),
    );
  });

  it('divides weights by their greatest common divisor', () => {
    expect(smoothSchedule([300, 100])).toHaveLength(4);
    expect(smoothSchedule([65_535, 65_535])).toHaveLength(2);
  });

  it.each([
    ['large coprime weights', [65_535, 65_534, 100]],
    ['fractions', [1, 1, 0.1]],
    ['many endpoints', Array.from({ length: 500 }, (_, index) => 200 + ((index * 7_919) % 1_000))],
  ])('bounds its length and keeps shares within one place, with %s', (_what, weights) => {
    const schedule = smoothSchedule(weights);
    expect(schedule.length).toBeLessThanOrEqual(maxPlaces(weights.length));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    countsOf(schedule, weights.length).forEach((count, index) => {
      expect(Math.abs(count - (weights[index]! / total) * schedule.length)).toBeLessThan(1);
    });
  });

  it('gives a place to every endpoint, however light', () => {
    const weights = [65_535, ...Array.from({ length: 2_000 }, () => 1)];
    const schedule = smoothSchedule(weights);
    expect(schedule.length).toBeLessThanOrEqual(maxPlaces(weights.length));
    expect(
      countsOf(schedule, weights.length)
        .slice(1)
        .every((count) => count === 1),
    ).toBe(true);
  });
});

function countsOf(schedule: Uint32Array, endpoints: number): number[] {
  const counts = Array.from({ length: endpoints }, () => 0);
  for (const index of schedule) counts[index]! += 1;
  return counts;
}
