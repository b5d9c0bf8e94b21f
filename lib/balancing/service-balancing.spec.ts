import { silentLogger } from '../common/logger.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { completeInstance, type PartialInstance } from '../registry/instance.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type BalancingOptions, ServiceBalancing } from './service-balancing.js';

const endpoint = (id: string, fields: Partial<PartialInstance> = {}): Endpoint =>
  completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80, ...fields });
const list = (...endpoints: (string | Endpoint)[]): readonly Endpoint[] =>
  Object.freeze(endpoints.map((each) => (typeof each === 'string' ? endpoint(each) : each)));
const ids = (endpoints: readonly Endpoint[]): string[] => endpoints.map(({ id }) => id);

function make(options: Partial<BalancingOptions> = {}) {
  const clock = new VirtualClock();
  const errors: string[] = [];
  const balancing = new ServiceBalancing(
    'web',
    { balancer: 'round-robin', ...options },
    { clock, random: () => 0, logger: { ...silentLogger, error: (line) => void errors.push(line) } },
  );
  return { clock, balancing, errors };
}

describe('ServiceBalancing', () => {
  it('makes every endpoint a candidate, in a frozen list, and announces each new list', () => {
    const { balancing } = make();
    const seen: string[][] = [];
    const remove = balancing.onCandidates((candidates) => seen.push(ids(candidates)));
    expect(balancing.candidates).toEqual([]);
    const endpoints = list('a', 'b');
    balancing.update(endpoints);
    balancing.update(endpoints);
    balancing.update(list('b'));
    expect(seen).toEqual([['a', 'b'], ['b']]);
    expect(Object.isFrozen(balancing.candidates)).toBe(true);
    remove();
    balancing.update(list());
    expect(seen).toHaveLength(2);
  });

  it('leaves out endpoints with weight 0 while another has more', () => {
    const { balancing } = make();
    balancing.update(list(endpoint('a', { weight: 0 }), endpoint('b', { weight: 2 })));
    expect(ids(balancing.candidates)).toEqual(['b']);
    balancing.update(list(endpoint('a', { weight: 0 })));
    expect(ids(balancing.candidates)).toEqual(['a']);
  });

  it('prefers its zone while the zone has endpoints', () => {
    const { balancing } = make({ zone: 'z1' });
    balancing.update(list(endpoint('a', { zone: 'z1' }), endpoint('b', { zone: 'z2' }), 'c'));
    expect(ids(balancing.candidates)).toEqual(['a']);
    balancing.update(list(endpoint('b', { zone: 'z2' }), 'c'));
    expect(ids(balancing.candidates)).toEqual(['b', 'c']);
  });

  it('reports calls to a balancer that learns, once each', () => {
    const reports: unknown[][] = [];
    const { balancing } = make({
      balancer: () => ({
        update: () => undefined,
        pick: () => undefined,
        start: ({ id }) => ({ done: (...report) => reports.push([id, ...report]) }),
      }),
    });
    const call = balancing.start(endpoint('a'));
    call.done(new Error('refused'), 'failure', { retryAfterMs: 1 });
    call.done();
    balancing.start(endpoint('b')).done();
    expect(reports).toEqual([
      ['a', new Error('refused'), 'failure', { retryAfterMs: 1 }],
      ['b', undefined, 'success', undefined],
    ]);
  });

  it('logs the error of a balancer of the application, which fails no call and no timer', async () => {
    const changes: boolean[] = [];
    const { clock, balancing, errors } = make({
      balancer: () => ({
        update: ({ length }, _weights, change) => {
          changes.push(change !== undefined);
          if (length === 1) throw new Error('needs two');
        },
        pick: () => undefined,
      }),
      slowStart: 1,
    });
    const endpoints = list('a', 'b');
    balancing.update(endpoints);
    balancing.start(endpoints[0]!).done();
    for (let call = 0; call < 5; call++) balancing.start(endpoints[1]!).done(new Error('refused'));
    expect(ids(balancing.candidates)).toEqual(['a']);
    await clock.advance(40_000);
    // The end of the ejection, before slow start: how its list differs from the one that failed is of no use.
    expect(changes.slice(1, 4)).toEqual([false, false, true]);
    expect(errors).toEqual([
      'The balancer of service "web" failed to take a list (endpoints: 1), and may pick from the one before: needs two',
    ]);
    balancing.close();
  });

  it('releases a balancer object at its close, so that the next application of a test can use it', () => {
    const balancer = { update: () => undefined, pick: () => undefined };
    const first = make({ balancer });
    expect(() => make({ balancer })).toThrow(/cannot share a balancer/);
    first.balancing.close();
    make({ balancer }).balancing.close();
  });
});
