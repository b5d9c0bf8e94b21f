import fc from 'fast-check';
import { endpoints as list, picks } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Balancer } from './balancer.js';
import {
  BALANCER_NAMES,
  type BalancerContext,
  createBalancer,
  type BalancerOption,
  type StrategyContext,
} from './create-balancer.js';
import { ServiceStatistics } from './service-statistics.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { RoundRobin } from './strategies/round-robin.js';

const newContext = (): StrategyContext => ({
  service: 'web',
  clock: new VirtualClock(),
  random: Math.random,
  statistics: new ServiceStatistics(),
});
const context = newContext();

/** Lists with distinct ids, as the service cache makes them. */
const lists = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }).map((ids) => list(...ids));
const steps = fc.array(fc.oneof(lists, fc.integer({ min: 1, max: 40 })), { maxLength: 60 });

describe.each(BALANCER_NAMES)('the balancer %s', (name) => {
  const make = (): Balancer => createBalancer(name, newContext());

  it('picks from the current list, and picks nothing only when it is empty, with any sequence of updates', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const balancer = make();
        let current: readonly Endpoint[] = [];
        const wrong: unknown[] = [];
        for (const step of program) {
          if (typeof step !== 'number') {
            current = step;
            balancer.update(
              step,
              step.length % 2 === 0 ? undefined : step.map(({ id }) => 1 + Number(id) / 7),
            );
            continue;
          }
          for (let pick = 0; pick < step; pick++) {
            const picked = balancer.pick(pick);
            if (picked === undefined ? current.length > 0 : !current.includes(picked)) wrong.push(picked);
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: name === 'maglev' ? 5 : 100 },
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

describe('createBalancer', () => {
  it('calls a factory once per service', () => {
    const option = (): Balancer => new RoundRobin(Math.random);
    expect(createBalancer(option, context)).not.toBe(createBalancer(option, context));
  });

  it('makes an instance of a class', () => {
    class Own implements Balancer {
      constructor(readonly context: BalancerContext) {}
      update = (): void => undefined;
      pick(): undefined {
        return undefined;
      }
    }
    expect(createBalancer(Own, context)).toMatchObject({ context: { service: 'web' } });
  });

  it('takes weighted-round-robin as an alias', () => {
    expect(createBalancer('weighted-round-robin', context)).toBeInstanceOf(RoundRobin);
  });

  it('accepts a balancer object for one service only', () => {
    const own = new RoundRobin(Math.random);
    expect(createBalancer(own, context)).toBe(own);
    expect(() => createBalancer(own, { ...context, service: 'api' })).toThrow(
      'Expected `balancer` to be a name or a function where several services have one: service "api" cannot share a balancer',
    );
  });

  it.each(['robin', '', 'constructor', null, 7, {}, { pick: () => undefined }])('refuses %j', (option) => {
    expect(() => createBalancer(option as BalancerOption, context)).toThrow(
      /^Expected `balancer` to be 'round-robin', .*'pick-first', or an object with `update` and `pick`, got /,
    );
  });

  it('refuses a factory that returns no balancer', () => {
    expect(() => createBalancer((() => undefined) as unknown as BalancerOption, context)).toThrow(
      /got undefined/,
    );
  });
});
