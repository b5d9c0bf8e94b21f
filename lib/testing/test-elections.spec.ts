import { jest } from '@jest/globals';
import { memory } from '../registries/memory/memory.js';
import { testElections } from './test-elections.js';
import { VirtualClock } from './virtual-clock.js';

describe('elections in a test of an application', () => {
  it.each([false, true])('run on the virtual clock (fake timers of Jest: %s)', async (fake) => {
    if (fake) jest.useFakeTimers();
    try {
      const clock = new VirtualClock();
      const registry = memory();
      const [one, two] = [await testElections({ clock, registry }), await testElections({ clock, registry })];
      one.of('reports').campaign();
      await clock.advance(100);
      two.of('reports').campaign();
      await clock.advance(60_000);
      expect([one, two].map((each) => each.of('reports').isLeader)).toEqual([true, false]);
      void one.of('reports').resign();
      await clock.advance(100);
      expect([one, two].map((each) => each.of('reports').isLeader)).toEqual([false, true]);
      const closing = Promise.all([one.close(0), two.close(0)]);
      await clock.advance(20_000);
      await closing;
      expect(clock.pending).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
