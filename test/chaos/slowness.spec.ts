import { measureSlowness, slownessOf } from './slowness.js';

describe('the slowness of the machine', () => {
  it('is none where the probes take about as long as on the machine of the limits', () => {
    expect(slownessOf(Array(30).fill(12.2))).toBe(1);
    expect(slownessOf(Array(30).fill(6))).toBe(1);
    expect(slownessOf([...Array(28).fill(12), 20, 30] as number[])).toBe(1);
  });

  it('is how many times longer they take on the average, four at most', () => {
    expect(slownessOf(Array(30).fill(24.4))).toBeCloseTo(2);
    expect(slownessOf([...Array(15).fill(12.2), ...Array(15).fill(61)] as number[])).toBeCloseTo(3);
    expect(slownessOf(Array(30).fill(5_000))).toBe(4);
  });

  it('is measured by a computation', async () => {
    const values: number[] = [];
    expect(await measureSlowness((value) => values.push(value))).toBeGreaterThanOrEqual(1);
    expect(new Set(values).size).toBe(20);
  });
});
