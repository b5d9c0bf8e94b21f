import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS, type EjectionMessage } from '../../common/diagnostics.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { completeInstance } from '../../registry/instance.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { ServiceBalancing } from '../service-balancing.js';
import { type OutlierDetectionOptions } from './outlier-options.js';

const endpoint = (id: string): Endpoint =>
  completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 });

/** A service whose endpoints succeed or fail as the test says. */
class Service {
  readonly clock = new VirtualClock();
  readonly lines: string[] = [];
  readonly endpoints: readonly Endpoint[];
  readonly balancing: ServiceBalancing;

  constructor(ids: string, outlierDetection?: boolean | OutlierDetectionOptions, random = 0) {
    const log = (message: string): number => this.lines.push(message);
    this.balancing = new ServiceBalancing(
      'web',
      { balancer: 'round-robin', outlierDetection },
      {
        clock: this.clock,
        random: () => random,
        logger: { log, warn: log, error: log },
        applicationId: 'app',
      },
    );
    this.endpoints = Object.freeze(Array.from(ids, endpoint));
    this.balancing.update(this.endpoints);
  }

  get candidates(): string {
    return this.balancing.candidates.map(({ id }) => id).join('');
  }

  /** Calls endpoints in the order of their ids. */
  succeed(ids: string, times = 1): void {
    this.report(ids, undefined, times);
  }

  fail(ids: string, times = 1): void {
    this.report(ids, new Error('refused'), times);
  }

  report(ids: string, error: unknown, times: number): void {
    for (let round = 0; round < times; round++)
      for (const id of ids) this.balancing.start(this.endpoints.find((each) => each.id === id)!).done(error);
  }
}

describe('outlier detection', () => {
  it('ejects the failing one of two after 5 failures in a row, and returns it', async () => {
    const service = new Service('ab');
    service.succeed('a');
    service.fail('b', 4);
    expect(service.candidates).toBe('ab');
    service.fail('b');
    expect(service.candidates).toBe('a');
    await service.clock.advance(29_999);
    expect(service.candidates).toBe('a');
    await service.clock.advance(1);
    expect(service.candidates).toBe('ab');
    expect(service.lines).toEqual([
      'Ejected endpoint "b" (10.0.0.1:80) of service "web" for 30.0 s after 5 failed calls in a row (last: refused); 1 of 2 endpoints are ejected.',
      'Picking endpoint "b" (10.0.0.1:80) of service "web" again after an ejection of 30.0 s.',
    ]);
    expect(service.clock.pending).toBe(0);
  });

  it('counts failures in a row only', () => {
    const service = new Service('ab');
    service.succeed('a');
    for (let round = 0; round < 10; round++) {
      service.fail('b', 4);
      service.succeed('b');
    }
    expect(service.candidates).toBe('ab');
  });

  it('ignores aborted calls', () => {
    const service = new Service('ab');
    service.succeed('a');
    service.fail('b', 4);
    service.report('b', new DOMException('aborted', 'AbortError'), 10);
    expect(service.candidates).toBe('ab');
    service.fail('b');
    expect(service.candidates).toBe('a');
  });

  it('ejects no endpoint while all of them fail, as with a route that always answers 500', () => {
    const service = new Service('abc');
    service.succeed('abc');
    service.fail('abc', 20);
    expect(service.candidates).toBe('abc');
    service.succeed('a');
    service.fail('bc');
    expect(service.candidates).toBe('ac');
  });

  it('never ejects the only endpoint', () => {
    const service = new Service('a');
    service.succeed('a');
    service.fail('a', 50);
    expect(service.candidates).toBe('a');
  });

  it('ejects at most one, or the allowed share', () => {
    const service = new Service('abcde');
    service.succeed('a');
    service.fail('bcde', 20);
    expect(service.candidates).toBe('acde');
    expect(service.lines.at(-1)).toBe(
      'Not ejecting endpoint "c" (10.0.0.1:80) of service "web" after 5 failed calls in a row (last: refused): 1 of 5 are ejected already, and `maxEjectionPercent` is 10.',
    );
    expect(service.lines).toHaveLength(2);
    const more = new Service('abcde', { maxEjectionPercent: 50 });
    more.succeed('a');
    more.fail('bcde', 20);
    expect(more.candidates).toBe('ade');
  });

  it('picks all of them below the panic threshold, and reports it', async () => {
    const service = new Service('abc', { maxEjectionPercent: 100 });
    service.succeed('a');
    service.fail('b', 5);
    expect([service.candidates, service.balancing.panic]).toEqual(['ac', false]);
    service.fail('c', 5);
    expect([service.candidates, service.balancing.panic]).toEqual(['abc', true]);
    expect(service.lines.slice(1, 2)).toEqual([
      'Service "web" has 1 healthy of 3 endpoints, below `panicThreshold` (50 %): picking all of them, ejected or not.',
    ]);
    await service.clock.advance(30_000);
    expect([service.candidates, service.balancing.panic]).toEqual(['abc', false]);
  });

  it('ejects again at the first failure after the return, for longer each time, up to the limit', async () => {
    const service = new Service('ab', { maxEjectionTime: 70 });
    const lengths: number[] = [];
    service.succeed('a');
    service.fail('b', 5);
    for (let ejection = 0; ejection < 4; ejection++) {
      const before = service.clock.now();
      while (service.candidates === 'a') await service.clock.advance(1_000);
      lengths.push((service.clock.now() - before) / 1_000);
      service.fail('b');
    }
    expect(lengths).toEqual([30, 60, 70, 70]);
  });

  it('needs a full run again after a success, and forgets ejections over healthy intervals', async () => {
    const service = new Service('ab');
    service.succeed('a');
    service.fail('b', 5);
    await service.clock.advance(30_000);
    service.succeed('b');
    service.fail('b', 4);
    expect(service.candidates).toBe('ab');
    service.fail('b');
    expect(service.candidates).toBe('a');
    await service.clock.advance(59_999);
    expect(service.candidates).toBe('a');
    await service.clock.advance(1);
    service.succeed('ab');
    await service.clock.advance(20_000);
    service.fail('b', 5);
    await service.clock.advance(30_000);
    expect(service.candidates).toBe('ab');
  });

  it('adds jitter of at most a tenth, within the longest ejection', async () => {
    const service = new Service('ab', undefined, 0.999);
    service.succeed('a');
    service.fail('b', 5);
    await service.clock.advance(32_900);
    expect(service.candidates).toBe('a');
    await service.clock.advance(100);
    expect(service.candidates).toBe('ab');
  });

  it('ignores calls that end during the ejection', async () => {
    const service = new Service('ab');
    service.succeed('a');
    service.fail('b', 30);
    await service.clock.advance(30_000);
    expect(service.candidates).toBe('ab');
  });

  it('keeps ejections and counters over changes of the list, but not at another address', () => {
    const service = new Service('abc');
    service.succeed('a');
    service.fail('b', 5);
    service.fail('c', 4);
    service.balancing.update(Object.freeze([...service.endpoints.slice(0, 2)].map(({ id }) => endpoint(id))));
    expect(service.candidates).toBe('a');
    service.balancing.update(service.endpoints);
    expect(service.candidates).toBe('ac');
    const moved = completeInstance({ service: 'web', id: 'b', address: '10.0.0.2', port: 80 });
    service.balancing.update(Object.freeze([service.endpoints[0]!, moved]));
    expect(service.candidates).toBe('ab');
    service.balancing.close();
    expect(service.clock.pending).toBe(0);
  });

  it('only reports with `enforce: false`', async () => {
    const service = new Service('ab', { enforce: false });
    service.succeed('a');
    service.fail('b', 6);
    expect(service.candidates).toBe('ab');
    expect(service.lines).toEqual([
      'Would eject endpoint "b" (10.0.0.1:80) of service "web" for 30.0 s after 5 failed calls in a row (last: refused); it is still picked, as `outlierDetection.enforce` is false.',
    ]);
    await service.clock.advance(30_000);
    expect(service.lines).toHaveLength(1);
  });

  it('does nothing when it is off', () => {
    const service = new Service('ab', false);
    service.succeed('a');
    service.fail('b', 50);
    service.balancing.start(service.endpoints[1]!).done({}, 'failure', { retryAfterMs: 1_000 });
    expect(service.candidates).toBe('ab');
  });

  it('leaves out an endpoint for its Retry-After, at most the longest ejection', async () => {
    const service = new Service('abc', { maxEjectionTime: 60 });
    service.balancing.start(service.endpoints[1]!).done({}, 'failure', { retryAfterMs: 2_000 });
    expect(service.candidates).toBe('ac');
    // A second one would be beyond the limit of a tenth, but at least one.
    service.balancing.start(service.endpoints[2]!).done({}, 'failure', { retryAfterMs: 2_000 });
    expect(service.candidates).toBe('ac');
    await service.clock.advance(2_000);
    service.balancing.start(service.endpoints[1]!).done({}, 'failure', { retryAfterMs: 3_600_000 });
    await service.clock.advance(59_999);
    expect(service.candidates).toBe('ac');
    await service.clock.advance(1);
    expect(service.candidates).toBe('abc');
    // It asked for the pause, so it has no probation.
    service.succeed('a');
    service.fail('b');
    expect(service.candidates).toBe('abc');
  });

  it('publishes what it does', async () => {
    const messages: EjectionMessage[] = [];
    const listener = (message: unknown): void => void messages.push(message as EjectionMessage);
    subscribe(CHANNELS.ejection.name, listener);
    const service = new Service('ab');
    service.succeed('a');
    service.fail('b', 5);
    await service.clock.advance(30_000);
    unsubscribe(CHANNELS.ejection.name, listener);
    const common = {
      applicationId: 'app',
      service: 'web',
      endpoint: { id: 'b', address: '10.0.0.1', port: 80 },
      rule: 'consecutive-failures',
      enforced: true,
      durationMs: 30_000,
    };
    expect(messages).toEqual([
      { ...common, type: 'ejected' },
      { ...common, type: 'returned' },
    ]);
    expect(messages.every((message) => Object.isFrozen(message))).toBe(true);
  });
});

describe('the rules that compare endpoints', () => {
  it('ejects by success rate', async () => {
    const service = new Service('abcdef', { successRate: true, consecutiveFailures: 1_000 });
    service.succeed('abcdef', 100);
    service.fail('f', 60);
    await service.clock.advance(10_000);
    expect(service.candidates).toBe('abcde');
    expect(service.lines[0]).toContain('as 63 % of its calls succeeded, of all endpoints 94 %');
    service.balancing.close();
    expect(service.clock.pending).toBe(0);
  });

  it('ejects by failure percentage', async () => {
    const service = new Service('abcde', {
      failurePercentage: { threshold: 50 },
      consecutiveFailures: 1_000,
    });
    service.succeed('abcd', 60);
    service.succeed('e', 20);
    service.fail('e', 40);
    await service.clock.advance(10_000);
    expect(service.candidates).toBe('abcd');
    expect(service.lines[0]).toContain('as 67 % of its calls failed');
  });

  it.each([
    ['too few endpoints', 'abcd', 100],
    ['too few calls', 'abcde', 40],
  ])('ejects none with %s', async (_what, ids, calls) => {
    const service = new Service(ids, {
      successRate: true,
      failurePercentage: true,
      consecutiveFailures: 1_000,
    });
    service.succeed(ids.slice(1), calls);
    service.fail('a', calls);
    await service.clock.advance(10_000);
    expect(service.candidates).toBe(ids);
  });

  it('counts each interval by itself, and has no timer while there are no calls', async () => {
    const service = new Service('abcde', { failurePercentage: true, consecutiveFailures: 1_000 });
    service.succeed('bcde', 60);
    service.fail('a', 40);
    await service.clock.advance(10_000);
    expect(service.clock.pending).toBe(0);
    service.succeed('bcde', 60);
    service.fail('a', 40);
    await service.clock.advance(10_000);
    expect(service.candidates).toBe('abcde');
  });

  it('enforces only a share of the decisions', async () => {
    const rule = { failurePercentage: { enforcementPercentage: 50 }, consecutiveFailures: 1_000 };
    const service = new Service('abcde', rule, 0.6);
    service.succeed('bcde', 60);
    service.fail('a', 60);
    await service.clock.advance(10_000);
    expect(service.candidates).toBe('abcde');
  });
});
