import { type Call } from '../balancing/call.js';
import { RoundRobin } from '../balancing/strategies/round-robin.js';
import { silentLogger } from '../common/logger.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { completeInstance } from '../registry/instance.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type PortOf } from './service-call.js';
import { ServiceCalls } from './service-calls.js';

const endpoint = (id: string): Endpoint =>
  completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80, ports: { admin: 81 } });
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const NO_CALL: Call = { done: () => undefined };
const mainPort: PortOf = ({ port }) => port;
const adminPort: PortOf = ({ ports }) => ports.admin;

describe('calls and endpoints that cannot be connected to', () => {
  let clock: VirtualClock;
  let candidates: readonly Endpoint[];
  let balancer: RoundRobin;
  let calls: ServiceCalls;
  let lines: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    lines = [];
    balancer = new RoundRobin(() => 0);
    list(['a', 'b', 'c', 'd'].map(endpoint));
    const target = {
      name: 'web',
      revision: 1,
      get candidates() {
        return candidates;
      },
      ready: async () => undefined,
      pick: () => balancer.pick()!,
      start: () => NO_CALL,
    };
    const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
    calls = new ServiceCalls(target, { service: 'web', clock, logger, applicationId: undefined });
  });

  function list(endpoints: readonly Endpoint[]): void {
    candidates = endpoints;
    balancer.update(endpoints);
  }

  /** Makes so many calls, of which those to `dead` are refused once each, and returns where their first attempts went. */
  function attempts(count: number, dead: readonly string[], portOf = mainPort): Record<string, number> {
    const to: Record<string, number> = {};
    for (let made = 0; made < count; made++) {
      const attempt = calls.begin({}).begin(portOf);
      const { id } = attempt.endpoint;
      to[id] = (to[id] ?? 0) + 1;
      if (dead.includes(id)) attempt.fail({ reason: 'connect', outcome: 'failure' }, refused);
      else attempt.end('success');
    }
    return to;
  }

  it('sends one attempt to each dead endpoint, however many are dead, and the others share its calls evenly', () => {
    expect(attempts(101, ['a'])).toEqual({ a: 1, b: 34, c: 33, d: 33 });
    const { b, c, d } = attempts(100, ['a', 'b', 'c']);
    expect({ b, c, d }).toEqual({ b: 1, c: 1, d: 98 });
    expect(lines).toEqual([
      'No connection to endpoint "a" (10.0.0.1:80) of service "web" (refused): calls avoid it while there is another one, and one call tries it again within 5 s.',
    ]);
  });

  it('tries a dead endpoint by one call after 250 ms, then at intervals that double to 5 s', async () => {
    attempts(4, ['a']);
    const tries: number[] = [];
    for (let passed = 50; passed <= 20_000; passed += 50) {
      await clock.advance(50);
      if ((attempts(8, ['a']).a ?? 0) > 0) tries.push(passed);
    }
    expect(tries).toEqual([250, 750, 1_750, 3_750, 7_750, 12_750, 17_750]);
  });

  it('uses an endpoint fully as soon as one call has reached it', async () => {
    attempts(4, ['a']);
    expect(attempts(30, [])).not.toHaveProperty('a');
    await clock.advance(250);
    expect(attempts(41, []).a).toBeGreaterThanOrEqual(10);
  });

  it('calls the endpoints by turns when all are dead', () => {
    attempts(4, ['a', 'b', 'c', 'd']);
    expect(attempts(40, ['a', 'b', 'c', 'd'])).toEqual({ a: 10, b: 10, c: 10, d: 10 });
  });

  it('knows nothing bad of an endpoint that is registered again with other values', () => {
    attempts(4, ['a']);
    list([endpoint('a'), ...candidates.slice(1)]);
    expect(attempts(40, []).a).toBe(10);
  });

  it('avoids the port that is closed, not the others of the endpoint', () => {
    attempts(4, ['a'], adminPort);
    expect(attempts(40, []).a).toBe(10);
    expect(attempts(30, [], adminPort)).not.toHaveProperty('a');
  });

  it('does not avoid an endpoint that fails after it was reached, or whose call was given up', () => {
    const first = calls.begin({}).begin(mainPort);
    first.fail({ reason: 'reset', outcome: 'failure' }, refused);
    const second = calls.begin({}).begin(mainPort);
    second.fail({ reason: 'connect', outcome: 'aborted' }, refused);
    expect(attempts(40, [])).toEqual({ a: 10, b: 10, c: 10, d: 10 });
  });

  it('loses no call with the default budget while the endpoints die one after the other', async () => {
    const dead = new Set<string>();
    let failed = 0;
    let retries = 0;
    for (let made = 0; made < 1_000; made++) {
      await clock.advance(3);
      const [next] = made % 250 === 100 ? ['a', 'b', 'c', 'd'].slice(dead.size, 3) : [];
      if (next !== undefined) dead.add(next);
      const call = calls.begin({});
      for (;;) {
        const attempt = call.begin(mainPort);
        if (!dead.has(attempt.endpoint.id)) {
          attempt.end('success');
          break;
        }
        attempt.fail({ reason: 'connect', outcome: 'failure' }, refused);
        if (!call.mayRetry({ reason: 'connect', repeatable: false, error: refused })) {
          failed += 1;
          break;
        }
        retries += 1;
      }
    }
    expect(dead.size).toBe(3);
    expect(failed).toBe(0);
    expect(retries).toBeLessThanOrEqual(20);
  });

  it('does not charge a call for its attempt at an endpoint that is avoided', async () => {
    attempts(4, ['a']);
    await clock.advance(250);
    let call = calls.begin({});
    let attempt = call.begin(mainPort);
    while (attempt.endpoint.id !== 'a') {
      attempt.end('success');
      call = calls.begin({});
      attempt = call.begin(mainPort);
    }
    const question = { reason: 'connect', repeatable: false } as const;
    expect([call.mayRetry(question), call.attempts]).toEqual([true, 1]);
    call.begin(mainPort);
    expect([call.mayRetry(question), call.attempts]).toEqual([true, 2]);
    call.begin(mainPort);
    expect([call.mayRetry(question), call.attempts]).toEqual([false, 3]);
  });

  it('ends a call after its attempts while no endpoint can be connected to, however long each of them takes', async () => {
    attempts(4, ['a', 'b', 'c', 'd']);
    // The time of every endpoint comes again.
    await clock.advance(60_000);
    const call = calls.begin({});
    do {
      const attempt = call.begin(mainPort);
      await clock.advance(2_000);
      attempt.fail({ reason: 'connect', outcome: 'failure' }, refused);
    } while (call.mayRetry({ reason: 'connect', repeatable: true, error: refused }) && call.attempts < 20);
    // Two, and the one that finds out for all calls whether an endpoint is back.
    expect(call.attempts).toBe(3);
  });
});
