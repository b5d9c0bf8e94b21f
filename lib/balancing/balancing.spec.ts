import fc from 'fast-check';
import { type Endpoint } from '../discovery/endpoint.js';
import { completeInstance } from '../registry/instance.js';
import { type Balancer } from './balancer.js';
import { BALANCER_NAMES, createBalancer, type BalancerOption } from './create-balancer.js';
import { ServiceStatistics } from './service-statistics.js';
import { RandomChoice } from './strategies/random-choice.js';
import { RoundRobin } from './strategies/round-robin.js';

function endpoint(id: string | number, port = 80): Endpoint {
  return completeInstance({ service: 'web', id: String(id), address: '10.0.0.1', port });
}

const list = (...ids: (string | number)[]): readonly Endpoint[] =>
  Object.freeze(ids.map((id) => endpoint(id)));
const picks = (balancer: Balancer, count: number): (string | undefined)[] =>
  Array.from({ length: count }, () => balancer.pick()?.id);

/** Lists with distinct ids, as the service cache makes them. */
const lists = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }).map((ids) => list(...ids));
const steps = fc.array(fc.oneof(lists, fc.integer({ min: 1, max: 40 })), { maxLength: 60 });

describe.each(BALANCER_NAMES)('the balancer %s', (name) => {
  const make = (): Balancer =>
    createBalancer(name, { service: 'web', random: Math.random, statistics: new ServiceStatistics() });

  it('picks from the current list, and picks nothing only when it is empty, with any sequence of updates', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const balancer = make();
        let current: readonly Endpoint[] = [];
        for (const step of program) {
          if (typeof step !== 'number') {
            current = step;
            balancer.update(step);
            continue;
          }
          for (let pick = 0; pick < step; pick++) {
            const picked = balancer.pick();
            expect(picked === undefined ? current.length === 0 : current.includes(picked)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('shares no state with another balancer', () => {
    const [one, two] = [make(), make()];
    one.update(list('a', 'b', 'c'));
    two.update(list('x'));
    expect(picks(one, 10).every((id) => id !== 'x')).toBe(true);
    expect(picks(two, 10).every((id) => id === 'x')).toBe(true);
  });
});

describe('RoundRobin', () => {
  it('starts at the first endpoint and wraps around', () => {
    const balancer = new RoundRobin();
    balancer.update(list('a', 'b', 'c'));
    expect(picks(balancer, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  it('is even within one pick for any list, and after any update', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const balancer = new RoundRobin();
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
        const balancer = new RoundRobin();
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
    ['starts at the first endpoint of an entirely new list', ['a', 'b', 'c'], 2, ['x', 'y'], 'x'],
  ])('%s', (_what, before, count, after, next) => {
    const balancer = new RoundRobin();
    balancer.update(list(...before));
    picks(balancer, count);
    balancer.update(list(...after));
    expect(balancer.pick()?.id).toBe(next);
  });

  it('restarts at the first endpoint after an empty list', () => {
    const balancer = new RoundRobin();
    balancer.update(list('a', 'b'));
    picks(balancer, 1);
    balancer.update(list());
    expect(picks(balancer, 2)).toEqual([undefined, undefined]);
    balancer.update(list('a', 'b'));
    expect(picks(balancer, 2)).toEqual(['a', 'b']);
  });
});

describe('RandomChoice', () => {
  it('reaches every endpoint and stays within the list', () => {
    const values = [0, 0.34, 0.67, 0.999_999];
    const balancer = new RandomChoice(() => values.shift()!);
    balancer.update(list('a', 'b', 'c'));
    expect(picks(balancer, 4)).toEqual(['a', 'b', 'c', 'c']);
  });
});

describe('createBalancer', () => {
  const context = { service: 'web', random: Math.random, statistics: new ServiceStatistics() };

  it('calls a factory once per service', () => {
    const option = (): Balancer => new RoundRobin();
    expect(createBalancer(option, context)).not.toBe(createBalancer(option, context));
  });

  it('accepts a balancer object for one service only', () => {
    const own = new RoundRobin();
    expect(createBalancer(own, context)).toBe(own);
    expect(() => createBalancer(own, { ...context, service: 'api' })).toThrow(
      'Expected `balancer` to be a name or a function where several services have one: service "api" cannot share a balancer',
    );
  });

  it.each(['robin', '', 'constructor', null, 7, {}, { pick: () => undefined }])('refuses %j', (option) => {
    expect(() => createBalancer(option as BalancerOption, context)).toThrow(
      /^Expected `balancer` to be 'round-robin', 'random', or an object with `update` and `pick`, got /,
    );
  });

  it('refuses a factory that returns no balancer', () => {
    expect(() => createBalancer((() => undefined) as unknown as BalancerOption, context)).toThrow(
      /got undefined/,
    );
  });
});
