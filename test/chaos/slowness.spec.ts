import { factorOf, Slowness } from './slowness.js';
import { until } from '../harness/wait.js';

describe('the slowness of the machine', () => {
  it('is none where nine of ten probes take what they take on an idle machine, or twice as long', () => {
    expect(factorOf([])).toBe(1);
    expect(factorOf(Array(100).fill(5))).toBe(1);
    expect(factorOf([...Array(95).fill(10), ...Array(5).fill(500)] as number[])).toBe(1);
  });

  it('is how many times longer they take', () => {
    expect(factorOf([...Array(80).fill(5), ...Array(20).fill(20)] as number[])).toBe(4);
    expect(factorOf(Array(10).fill(5_000))).toBe(10);
  });

  it('is measured in a thread that ends', async () => {
    const slowness = new Slowness();
    await until('a factor', () => slowness.factor >= 1);
    await slowness.stop();
  });
});
