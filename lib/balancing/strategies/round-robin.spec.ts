import fc from 'fast-check';
import { seededRandom } from '../../../test/chaos/random.js';
import { endpoints as list, endpointsUpTo, picks } from '../../../test/harness/in-memory/endpoints.js';
import { RoundRobin } from './round-robin.js';

const first = (): number => 0;

/** Lists with distinct ids, as the service cache makes them. */
const lists = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }).map((ids) => list(...ids));
const steps = fc.array(fc.oneof(lists, fc.integer({ min: 1, max: 40 })), { maxLength: 60 });

describe('RoundRobin', () => {
  it('starts at a random endpoint and wraps around', () => {
    const balancer = new RoundRobin(() => 0.5);
    balancer.update(list('a', 'b', 'c'));
    expect(picks(balancer, 7)).toEqual(['b', 'c', 'a', 'b', 'c', 'a', 'b']);
  });

  it('is even within one pick for any list, and after any update', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const balancer = new RoundRobin(first);
        let counts = new Map<string, number>();
        for (const step of program) {
          if (typeof step !== 'number') {
            balancer.update(step);
            counts = new Map(step.map(({ id }) => [id, 0]));
            continue;
          }
          for (const id of picks(balancer, step))
            if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
          if (counts.size > 0)
            expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stays even over updates that keep the ids', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 100 }), (program) => {
        const balancer = new RoundRobin(first);
        const counts = new Map(['a', 'b', 'c', 'd'].map((id) => [id, 0]));
        for (const count of program) {
          // The same ids with new objects each time.
          balancer.update(list('a', 'b', 'c', 'd'));
          for (const id of picks(balancer, count)) counts.set(id!, counts.get(id!)! + 1);
        }
        expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    ['keeps the next endpoint', ['a', 'b', 'c'], 1, ['a', 'b', 'c', 'd'], 'b'],
    ['keeps the next endpoint when the others move', ['a', 'b', 'c'], 1, ['c', 'a', 'b'], 'b'],
    ['continues after an endpoint that is gone', ['a', 'b', 'c'], 1, ['a', 'c'], 'c'],
    ['wraps around to the first endpoint that is in both lists', ['a', 'b', 'c'], 2, ['a', 'x'], 'a'],
    ['wraps around at the end', ['a', 'b'], 2, ['b', 'a'], 'a'],
    ['starts at random in an entirely new list', ['a', 'b', 'c'], 2, ['x', 'y'], 'x'],
  ])('%s', (_what, before, count, after, next) => {
    const balancer = new RoundRobin(first);
    balancer.update(list(...before));
    picks(balancer, count);
    balancer.update(list(...after));
    expect(balancer.pick()?.id).toBe(next);
  });

  it('restarts at random after an empty list', () => {
    const balancer = new RoundRobin(first);
    balancer.update(list('a', 'b'));
    picks(balancer, 1);
    balancer.update(list());
    expect(picks(balancer, 2)).toEqual([undefined, undefined]);
    balancer.update(list('a', 'b'));
    expect(picks(balancer, 2)).toEqual(['a', 'b']);
  });

  it('orders weights 5, 1, 1 as nginx does', () => {
    const balancer = new RoundRobin(first);
    balancer.update(list('a', 'b', 'c'), [5, 1, 1]);
    expect(picks(balancer, 14).join('')).toBe('aabacaaaabacaa');
  });

  it('keeps its place in the round when weights change', () => {
    const balancer = new RoundRobin(first);
    const endpoints = list('a', 'b', 'c');
    balancer.update(endpoints, [5, 1, 1]);
    picks(balancer, 4);
    balancer.update(endpoints, [4, 1, 2]);
    expect(balancer.pick()?.id).toBe('c');
    balancer.update(endpoints);
    expect(picks(balancer, 3)).toEqual(['a', 'b', 'c']);
  });

  it('gives every weight its share within any window of one round, over updates', () => {
    const balancer = new RoundRobin(first);
    const counts = new Map<string | undefined, number>();
    const lists = [list('a', 'b', 'c', 'd'), list('a', 'b', 'c', 'd')];
    for (let round = 0; round < 250; round++) {
      balancer.update(lists[round % 2]!, [3, 2, 1, 0.5]);
      for (const id of picks(balancer, 13)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const [id, weight] of Object.entries({ a: 3, b: 2, c: 1, d: 0.5 }))
      expect(Math.abs(counts.get(id)! / 500 - weight)).toBeLessThan(0.02);
  });

  it('spreads 100 clients that start together: 10 endpoints, one pick each', () => {
    const random = seededRandom(7);
    const counts = new Map<string | undefined, number>();
    for (let client = 0; client < 100; client++) {
      const balancer = new RoundRobin(random);
      balancer.update(endpointsUpTo(10));
      const id = balancer.pick()?.id;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(20);
  });
});
