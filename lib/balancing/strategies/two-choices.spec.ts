import { seededRandom } from '../../../test/chaos/random.js';
import {
  endpoint,
  endpoints,
  endpointsUpTo,
  relativeDeviation,
} from '../../../test/harness/in-memory/endpoints.js';
import { silentLogger } from '../../common/logger.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type Call } from '../call.js';
import { ServiceBalancing } from '../service-balancing.js';
import { runs } from '../../../test/harness/in-memory/runs.js';

/** A service whose calls take as long as the test says. */
class Service {
  readonly clock = new VirtualClock();
  readonly balancing: ServiceBalancing;

  constructor(
    balancer: 'least-request' | 'peak-ewma',
    readonly list: readonly Endpoint[],
  ) {
    this.balancing = new ServiceBalancing(
      'web',
      { balancer, outlierDetection: false },
      { clock: this.clock, random: seededRandom(11), logger: silentLogger },
    );
    this.balancing.update(list);
  }

  pick(): Endpoint {
    return this.balancing.balancer.pick()!;
  }

  start(): { readonly id: string; readonly call: Call } {
    const picked = this.pick();
    return { id: picked.id, call: this.balancing.start(picked) };
  }

  /** One call at a time, each as long as its endpoint takes. */
  async callOneByOne(times: number, durationMs: (id: string) => number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let call = 0; call < times; call++) {
      const { id, call: started } = this.start();
      counts.set(id, (counts.get(id) ?? 0) + 1);
      await this.clock.advance(durationMs(id));
      started.done();
    }
    return counts;
  }
}

describe('LeastRequest', () => {
  // By luck it exceeds 1 % of a million picks, and what that is of fewer, once in 10⁹ sequences.
  const PICKS = runs(100_000, 1_000_000);
  const LIMIT = 0.01 * Math.sqrt(1_000_000 / PICKS);

  it(`is even within ${(100 * LIMIT).toFixed(1)} % over ${PICKS} picks, with 200 calls in progress on 100 endpoints`, () => {
    const service = new Service('least-request', endpointsUpTo(100));
    const random = seededRandom(5);
    const counts = Array.from({ length: 100 }, () => 0);
    const running: Call[] = [];
    for (let pick = 0; pick < PICKS; pick++) {
      const { id, call } = service.start();
      counts[Number(id)]! += 1;
      if (running.length < 200) running.push(call);
      else {
        const ended = Math.floor(random() * running.length);
        running[ended]!.done();
        running[ended] = call;
      }
    }
    expect(relativeDeviation(counts)).toBeLessThanOrEqual(LIMIT);
  });

  it('splits by the weights 3 and 1, one call at a time', () => {
    const service = new Service('least-request', endpoints(endpoint('a', { weight: 3 }), endpoint('b')));
    let heavy = 0;
    for (let pick = 0; pick < 10_000; pick++) {
      const { id, call } = service.start();
      if (id === 'a') heavy += 1;
      call.done();
    }
    expect(Math.abs(heavy / 10_000 - 0.75)).toBeLessThan(0.03);
  });

  it('fills endpoints in the ratio of their weights', () => {
    const service = new Service('least-request', endpoints(endpoint('a', { weight: 3 }), endpoint('b')));
    const counts: Record<string, number> = {};
    for (let pick = 0; pick < 400; pick++) {
      const { id } = service.start();
      counts[id] = (counts[id] ?? 0) + 1;
    }
    expect(Math.abs(counts.a! - 300)).toBeLessThanOrEqual(2);
  });

  it('avoids an endpoint that hangs', () => {
    const service = new Service('least-request', endpoints('a', 'b', 'c'));
    for (let call = 0; call < 10; call++) service.balancing.start(service.list[0]!);
    for (let pick = 0; pick < 100; pick++) {
      const { id, call } = service.start();
      expect(id).not.toBe('a');
      call.done();
    }
  });

  it('keeps its counters over changes of the list', () => {
    const service = new Service('least-request', endpoints('a', 'b', 'c'));
    const calls = Array.from({ length: 10 }, () => service.balancing.start(service.list[0]!));
    service.balancing.update(endpoints('b', 'a'));
    expect(Array.from({ length: 50 }, () => service.pick().id)).not.toContain('a');
    for (const call of calls) call.done();
    expect(service.balancing.find(service.list[0]!)?.inFlight).toBe(0);
    expect(Array.from({ length: 50 }, () => service.pick().id)).toContain('a');
  });
});

describe('PeakEwma', () => {
  it('prefers the faster endpoint', async () => {
    const service = new Service('peak-ewma', endpoints('slow', 'fast'));
    const counts = await service.callOneByOne(200, (id) => (id === 'slow' ? 100 : 10));
    expect(counts.get('fast')!).toBeGreaterThan(190 - 20);
  });

  it('tries an endpoint again after a slow spell, though no call to it ends', async () => {
    const service = new Service('peak-ewma', endpoints('a', 'b'));
    await service.callOneByOne(20, () => 10);
    const slow = service.balancing.start(service.list[0]!);
    await service.clock.advance(5_000);
    slow.done();
    const before = service.clock.now();
    let tries = 0;
    while (tries === 0 && service.clock.now() - before < 185_000)
      tries = (await service.callOneByOne(10, () => 40)).get('a') ?? 0;
    expect(service.clock.now() - before).toBeLessThan(90_000);
    expect(tries).toBeGreaterThan(0);
  });

  it('counts a failure as at least 1 s, so that an endpoint that fails fast gets little traffic', async () => {
    const service = new Service('peak-ewma', endpoints('bad', 'good'));
    let bad = 0;
    for (let pick = 0; pick < 500; pick++) {
      const { id, call } = service.start();
      if (id === 'bad') bad += 1;
      await service.clock.advance(id === 'bad' ? 1 : 20);
      call.done(id === 'bad' ? new Error('refused') : undefined);
    }
    expect(bad).toBeLessThan(25);
  });

  it('takes an aborted call as a lower bound only', async () => {
    const service = new Service('peak-ewma', endpoints('a', 'b'));
    await service.callOneByOne(20, () => 10);
    const latency = (): number => service.balancing.find(service.list[0]!)!.latencyOf(service.clock.now());
    const abort = new DOMException('aborted', 'AbortError');
    const before = latency();
    const short = service.balancing.start(service.list[0]!);
    short.done(abort);
    expect(latency()).toBe(before);
    const long = service.balancing.start(service.list[0]!);
    await service.clock.advance(500);
    long.done(abort);
    expect(latency()).toBe(500);
  });

  it.each([30, 500, 1_500])(
    'does not send every call to an endpoint that has never answered, whose callers give up after %d ms',
    async (timeoutMs) => {
      const service = new Service('peak-ewma', endpoints('silent', 'good'));
      let silent = 0;
      for (let pick = 0; pick < 100; pick++) {
        const { id, call } = service.start();
        if (id === 'silent') silent += 1;
        await service.clock.advance(id === 'silent' ? timeoutMs : 20);
        call.done(id === 'silent' ? new DOMException('too long', 'TimeoutError') : undefined);
      }
      expect(silent).toBeLessThan(5);
    },
  );

  it('does not take an endpoint for fast that has never answered, because a call to it was given up early', async () => {
    const service = new Service('peak-ewma', endpoints('a', 'b'));
    const call = service.balancing.start(service.list[0]!);
    await service.clock.advance(5);
    call.done(new DOMException('aborted', 'AbortError'));
    expect(service.balancing.find(service.list[0]!)?.latencyOf(service.clock.now())).toBe(100);
  });

  it('does not send all first calls to one endpoint', () => {
    const service = new Service('peak-ewma', endpointsUpTo(4));
    const counts: Record<string, number> = {};
    for (let pick = 0; pick < 40; pick++) {
      const { id } = service.start();
      counts[id] = (counts[id] ?? 0) + 1;
    }
    expect(Math.max(...Object.values(counts))).toBeLessThanOrEqual(14);
  });
});
