import fc from 'fast-check';
import { seededRandom } from '../../../test/chaos/random.js';
import { endpoint, endpointsUpTo } from '../../../test/harness/in-memory/endpoints.js';
import { silentLogger } from '../../common/logger.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { EndpointTable } from '../../discovery/endpoint-table.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type Balancer } from '../balancer.js';
import { BALANCER_NAMES, type BalancerOption } from '../create-balancer.js';
import { ServiceBalancing } from '../service-balancing.js';

function make(balancer: BalancerOption) {
  const clock = new VirtualClock();
  const options = { balancer, outlierDetection: false };
  const balancing = new ServiceBalancing('web', options, {
    clock,
    random: seededRandom(7),
    logger: silentLogger,
  });
  const table = new EndpointTable();
  const commit = (): readonly Endpoint[] => {
    const { endpoints, ...step } = table.commit();
    balancing.update(endpoints, step);
    return endpoints;
  };
  return { clock, balancing, table, commit };
}

const id = fc.integer({ min: 0, max: 9 }).map(String);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      put: id,
      port: fc.integer({ min: 1, max: 3 }),
      weight: fc.constantFrom(1, 1, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ remove: id }) },
  { weight: 1, arbitrary: fc.constantFrom('commit' as const, 'wait' as const) },
);

describe('a change of the list', () => {
  it.each(BALANCER_NAMES)(
    'is followed by %s: a pick is of the newest list, and of every endpoint',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
          const { clock, balancing, table, commit } = make(name);
          let list = commit();
          const pick = (key: number): Endpoint | undefined => balancing.balancer.pick(key);
          for (const one of [...steps, 'commit' as const]) {
            if (one === 'wait') await clock.advance(100);
            else if (one === 'commit') list = commit();
            else if ('remove' in one) table.remove(one.remove);
            else table.put(endpoint(one.put, { port: one.port, weight: one.weight }));
            for (let key = 0; key < 5; key++) {
              const picked = pick(key);
              if (list.length === 0) expect(picked).toBeUndefined();
              else expect(list).toContain(picked);
            }
          }
          await clock.advance(100);
          const picked = new Set(Array.from({ length: 800 }, (_, key) => pick(key)));
          if (name !== 'pick-first') expect(picked).toEqual(new Set(list.length === 0 ? [undefined] : list));
          balancing.close();
          expect(clock.pending).toBe(0);
        }),
        { numRuns: 15 },
      );
    },
  );

  it('keeps the counters of least-request at their endpoints', () => {
    const { balancing, table, commit } = make('least-request');
    for (const each of endpointsUpTo(40)) table.put(each);
    const list = commit();
    // Calls at all but two endpoints.
    for (const each of list) if (each.id !== '20' && each.id !== '30') balancing.start(each);
    for (const gone of ['3', '11', '25']) table.remove(gone);
    table.put(endpoint('30', { meta: { version: '2' } }));
    table.put(endpoint('new'));
    commit();
    const counts = new Map<string, number>();
    for (let pick = 0; pick < 4_000; pick++) {
      const { id: picked = '' } = balancing.balancer.pick() ?? {};
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
    }
    // Each is drawn among two with a probability of 5 %, the busy ones in the rest.
    const share = (...of: string[]): number =>
      of.reduce((sum, each) => sum + (counts.get(each) ?? 0), 0) / 4_000;
    expect(share('20', '30', 'new')).toBeGreaterThan(0.12);
    expect(share('3', '11', '25')).toBe(0);
  });

  it.each(['least-request', 'peak-ewma'] as const)(
    'keeps the weights of %s at their endpoints where one is deregistered and registered again in one change',
    (name) => {
      const { balancing, table, commit } = make(name);
      for (const each of endpointsUpTo(4)) table.put(endpoint(each.id, { weight: each.id === '0' ? 9 : 1 }));
      commit();
      table.remove('0');
      table.put(endpoint('0', { weight: 9, meta: { version: '2' } }));
      expect(commit().map(({ id: listed }) => listed)).toEqual(['1', '2', '3', '0']);
      let picked = 0;
      for (let pick = 0; pick < 1_000; pick++) {
        const chosen = balancing.balancer.pick()!;
        if (chosen.id === '0') picked += 1;
        balancing.start(chosen).done();
      }
      // Of 12 shares it has 9.
      expect(picked).toBeGreaterThan(400);
    },
  );

  it('does not count a call to the former address of an endpoint for the new one', () => {
    const { balancing, table, commit } = make('least-request');
    table.put(endpoint('a'));
    table.put(endpoint('b'));
    const [former] = commit();
    table.put(endpoint('a', { port: 2 }));
    const [moved] = commit();
    balancing.start(moved!);
    balancing.start(former!).done();
    expect(balancing.statusOf(moved!)).toMatchObject({ calls: 1, inFlight: 1 });
    balancing.start(moved!);
    expect(balancing.statusOf(moved!)).toMatchObject({ calls: 2, inFlight: 2 });
  });

  it('reaches a balancer of the application as a third argument, which it may leave out', () => {
    const calls: unknown[][] = [];
    const own: Balancer = {
      update: (...args: unknown[]) => void calls.push(args),
      pick: () => undefined,
    };
    const { table, commit } = make(own);
    table.put(endpoint('a'));
    const first = commit();
    table.put(endpoint('b'));
    const second = commit();
    expect(calls[0]?.slice(0, 2)).toEqual([first, undefined]);
    expect(calls[1]).toEqual([
      second,
      undefined,
      expect.objectContaining({ added: [second[1]], updated: [], removed: [] }),
    ]);
  });
});
