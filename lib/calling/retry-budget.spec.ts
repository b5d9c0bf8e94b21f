import fc from 'fast-check';
import { VirtualClock } from '../testing/virtual-clock.js';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('grants minPerSecond × 10 retries without any call', () => {
    const budget = new RetryBudget(new VirtualClock(), { minPerSecond: 3 });
    expect(Array.from({ length: 31 }, () => budget.take()).filter(Boolean)).toHaveLength(30);
  });

  it('grants nothing with a budget of 0', () => {
    const budget = new RetryBudget(new VirtualClock(), { budget: 0, minPerSecond: 0 });
    budget.onCall();
    expect(budget.take()).toBe(false);
  });

  it('grants again when the retries have left the window', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget(clock, { budget: 0, minPerSecond: 0.1 });
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    await clock.advance(9_000);
    expect(budget.take()).toBe(false);
    await clock.advance(2_000);
    expect(budget.take()).toBe(true);
  });

  it('keeps its bound in the 10 s that end with any retry', async () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 2_500 }),
      calls: fc.integer({ min: 0, max: 60 }),
      retries: fc.integer({ min: 0, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = new VirtualClock();
        const budget = new RetryBudget(clock, { budget: 0.2, minPerSecond: 1 });
        const calls: number[] = [];
        const retries: number[] = [];
        for (const { waitMs, calls: begun, retries: asked } of steps) {
          await clock.advance(waitMs);
          const now = clock.now();
          for (let call = 0; call < begun; call++) {
            budget.onCall();
            calls.push(now);
          }
          const before = retries.length;
          for (let retry = 0; retry < asked; retry++) if (budget.take()) retries.push(now);
          if (retries.length === before) continue;
          const within = (times: readonly number[]): number =>
            times.filter((time) => time >= now - 10_000).length;
          expect(within(retries)).toBeLessThanOrEqual(0.2 * within(calls) + 10);
        }
      }),
      { numRuns: 200 },
    );
  });
});
