import { gone, listing, put, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { ServiceCacheBench, ids, record } from '../../test/harness/in-memory/service-cache-bench.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { memory } from '../registries/memory/memory.js';
import { type ServiceCache, type ServiceCacheOptions } from './service-cache.js';

describe('ServiceCache', () => {
  let bench: ServiceCacheBench;
  let clock: ServiceCacheBench['clock'];
  let registry: ServiceCacheBench['registry'];
  let warnings: ServiceCacheBench['warnings'];

  const make = (more: Partial<ServiceCacheOptions> = {}): ServiceCache => bench.make(more);
  const started = async (more: Partial<ServiceCacheOptions> = {}): Promise<ServiceCache> =>
    await bench.started(more);

  beforeEach(() => {
    bench = new ServiceCacheBench();
    ({ clock, registry, warnings } = bench);
  });

  afterEach(async () => {
    await bench.close();
  });

  it('gives the complete frozen list and its changes', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    const cache = make();
    const selection = cache.watch({ service: 'web' });
    const changes = record(selection);
    expect([selection.revision, selection.endpoints]).toEqual([0, []]);
    await cache.start(registry);
    await clock.advance(0);
    await selection.ready();
    registry.watch_.send(put('b', { port: 81 }, '2'), gone('a'), put('c'));
    await clock.advance(0);
    expect(changes.map((change) => [change.revision, ids(change)])).toEqual([
      [1, ['a', 'b']],
      [2, ['b', 'c']],
    ]);
    const { added, updated, removed } = changes[1]!;
    expect([added, updated, removed].map((list) => list.map(({ id, port }) => [id, port]))).toEqual([
      [['c', 80]],
      [['b', 81]],
      [['a', 80]],
    ]);
    expect(Object.isFrozen(selection.endpoints)).toBe(true);
    expect(selection.endpoints.every((endpoint) => Object.isFrozen(endpoint))).toBe(true);
  });

  it('names the endpoints that have expired, not those that were deregistered', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b'), webEntry('c'), webEntry('d')]);
    const selection = (await started()).watch({ service: 'web' });
    const changes = record(selection);
    await clock.advance(0);
    registry.watch_.send(gone('a', 'expired'), gone('b', 'withdrawn'), gone('c', 'unknown'));
    await clock.advance(0);
    registry.watch_.send(gone('d', 'withdrawn'));
    await clock.advance(0);
    expect(
      changes.map(({ removed, expired }) => [removed.map(({ id }) => id), expired.map(({ id }) => id)]),
    ).toEqual([
      [[], []],
      [['a', 'b', 'c'], ['a']],
      [['d'], []],
    ]);
  });

  it('counts an empty first list as an answer', async () => {
    const cache = await started();
    const selection = cache.watch({ service: 'web' });
    const changes = record(selection);
    await clock.advance(0);
    expect(changes.map(({ endpoints }) => endpoints)).toEqual([[]]);
    expect(selection.freshness).toMatchObject({ answered: true, stale: false, ageMs: 0 });
  });

  it('watches a service once for all its tags, and gives each tag its own changes', async () => {
    registry.answer = () => listing([webEntry('a', { tags: ['blue'] }), webEntry('b', { tags: ['green'] })]);
    const cache = await started();
    const all = cache.watch({ service: 'web' });
    const blue = cache.watch({ service: 'web', tag: 'blue' });
    const changes = record(blue);
    await clock.advance(0);
    expect(registry.watches).toHaveLength(1);
    expect([ids(all), ids(blue)]).toEqual([['a', 'b'], ['a']]);
    registry.watch_.send(put('b', { tags: ['green'], port: 81 }, '2'));
    await clock.advance(0);
    registry.watch_.send(put('b', { tags: ['blue'] }, '3'));
    registry.watch_.send(put('a', { tags: [] }, '3'));
    await clock.advance(0);
    expect(changes.map((change) => [ids(change), change.added.length, change.removed.length])).toEqual([
      [['a'], 1, 0],
      [['a', 'b'], 1, 0],
      [['b'], 0, 1],
    ]);
  });

  it('watches each datacenter separately', async () => {
    const cache = await started();
    cache.watch({ service: 'web', dc: 'east' });
    cache.watch({ service: 'web', dc: 'west' });
    await clock.advance(0);
    expect(registry.scopes).toEqual([
      { kind: 'service', service: 'web', dc: 'east' },
      { kind: 'service', service: 'web', dc: 'west' },
    ]);
  });

  it('leaves out addresses that are not allowed, with one warning each', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('evil', { address: '169.254.169.254' })]);
    const cache = await started({ allow: ['10.0.0.0/8'] });
    const selection = cache.watch({ service: 'web' });
    await clock.advance(0);
    expect(ids(selection)).toEqual(['a']);
    registry.watch_.send(put('evil', { address: '169.254.169.254', port: 81 }, '2'));
    registry.watch_.send(put('evil', { address: '169.254.169.254', port: 81 }, '3'));
    registry.watch_.send(put('a', { address: '8.8.8.8' }, '2'));
    await clock.advance(0);
    expect(ids(selection)).toEqual([]);
    expect(warnings.filter((text) => text.includes('"evil"'))).toHaveLength(2);
    expect(warnings[0]).toContain('Leaving out endpoint "evil" of service "web"');
  });

  it('serves its list, stale and with its age, while the registry is down', async () => {
    registry.answer = () => listing([webEntry('a')]);
    const cache = await started();
    const selection = cache.watch({ service: 'web' });
    const changes = record(selection);
    await clock.advance(0);
    registry.answer = () => Promise.reject(new Error('refused'));
    registry.watch_.push(new Error('reset'));
    await clock.advance(600_000);
    expect(ids(selection)).toEqual(['a']);
    expect(selection.freshness).toMatchObject({ answered: true, stale: true, ageMs: 600_000 });
    registry.answer = () => listing([webEntry('a')]);
    await clock.advance(5_000);
    expect(selection.freshness.stale).toBe(false);
    expect(changes).toHaveLength(1);
  });

  it('ends a watch with its last selection, and leaks nothing after 1,000 of them', async () => {
    const cache = await started();
    const first = cache.watch({ service: 'web' });
    const second = cache.watch({ service: 'web', tag: 'x' });
    await clock.advance(0);
    await first.close();
    await first.close();
    expect(registry.open).toBe(1);
    await second.close();
    expect(registry.open).toBe(0);
    for (let round = 0; round < 10; round++) {
      const selections = Array.from({ length: 100 }, () => cache.watch({ service: 'web' }));
      selections.forEach((selection) => selection.subscribe(() => undefined));
      await Promise.all(selections.map((selection) => selection.close()));
    }
    expect(registry.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('logs the error of a listener, and removes a listener', async () => {
    const cache = await started();
    const selection = cache.watch({ service: 'web' });
    selection.subscribe(() => {
      throw new Error('mine');
    });
    const changes = record(selection);
    let calls = 0;
    const end = selection.subscribe(() => calls++);
    await clock.advance(0);
    end();
    registry.watch_.send(put('a'));
    await clock.advance(0);
    expect([changes.length, calls]).toEqual([2, 1]);
    expect(warnings).toContain('A listener for service "web" failed: mine');
  });

  it('rejects ready() when it closes before the first list', async () => {
    const cache = make();
    const selection = cache.watch({ service: 'web' });
    const waiting = expect(selection.ready()).rejects.toThrow(ClosedError);
    await cache.close();
    await waiting;
    expect(() => cache.watch({ service: 'web' })).toThrow(ClosedError);
    await cache.start(registry);
    expect(registry.lists).toBe(0);
  });

  it('reads the memory registry, one service at a time', async () => {
    const source = memory();
    const real = await source.open({
      clock,
      random: () => 0.5,
      logger: { log: () => 0, warn: () => 0, error: () => 0 },
    });
    const { signal } = new AbortController();
    const session = await real.openSession({ ttl: 10 }, signal);
    const cache = make();
    await cache.start(real);
    const web = cache.watch({ service: 'web' });
    const odd = cache.watch({ service: '__proto__' });
    await clock.advance(0);
    await session.write(webEntry('constructor').record, undefined, signal);
    await clock.advance(0);
    expect([ids(web), ids(odd)]).toEqual([['constructor'], []]);
    await session.end(signal);
    await clock.advance(0);
    expect(ids(web)).toEqual([]);
    await cache.close();
    await real.close();
  });

  describe('with the expiry guard', () => {
    it('removes at once what a registry of full lists does not report as expired', async () => {
      registry.answer = () => listing(['a', 'b', 'c', 'd'].map((id) => webEntry(id)));
      const cache = await started({ expiryGuard: {} });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: { ...listing([webEntry('a')]), expired: [] } });
      await clock.advance(0);
      expect(ids(selection)).toEqual(['a']);
    });

    it('rejects a registry that never reports why an instance was removed', async () => {
      const mute = Object.assign(registry, { reportsCauses: false });
      await expect(make({ expiryGuard: {} }).start(mute)).rejects.toBeInstanceOf(InvalidOptionError);
      await expect(make().start(mute)).resolves.toBeUndefined();
    });

    const many = (count: number) => Array.from({ length: count }, (_, index) => webEntry(`i${index}`));

    it('keeps endpoints that expire together for the grace, and removes the withdrawn', async () => {
      registry.answer = () => listing(many(10));
      const cache = await started({ expiryGuard: {} });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.send(
        gone('i0'),
        ...many(10)
          .slice(1, 6)
          .map((_, index) => gone(`i${index + 1}`, 'expired')),
      );
      await clock.advance(0);
      expect(selection.endpoints).toHaveLength(9);
      expect(warnings[0]).toContain('(so far: 5)');
      registry.watch_.send(put('i1', {}, '2'));
      for (let wait = 0; wait < 6; wait++) {
        await clock.advance(4_900);
        registry.watch_.send();
      }
      expect(selection.endpoints).toHaveLength(9);
      await clock.advance(1_000);
      expect(ids(selection)).toEqual(['i1', 'i6', 'i7', 'i8', 'i9']);
    });

    it('suspects a list that has lost most of a service', async () => {
      registry.answer = () => listing(many(10));
      const cache = await started({ expiryGuard: { graceMs: 3_000 } });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: listing([]) });
      await clock.advance(0);
      expect(selection.endpoints).toHaveLength(10);
      await clock.advance(3_000);
      expect(selection.endpoints).toHaveLength(0);
    });

    it('warns once of endpoints that expire one by one, and of the further ones when the first grace ends', async () => {
      registry.answer = () => listing(many(50));
      const cache = await started({ expiryGuard: { graceMs: 3_000 } });
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      for (let index = 0; index < 30; index++) {
        registry.watch_.send(gone(`i${index}`, 'expired'));
        await clock.advance(10);
      }
      expect(selection.endpoints).toHaveLength(43);
      expect(warnings).toEqual([
        'Many endpoints of service "web" expire together; keeping them for 3 s each in case the registry is at fault (so far: 1).',
      ]);
      await clock.advance(3_000);
      expect(selection.endpoints).toHaveLength(20);
      expect(warnings.slice(1)).toEqual([
        'Further endpoints of service "web" have expired, and are kept for 3 s each (22).',
      ]);
    });

    it('removes them at once without the guard', async () => {
      registry.answer = () => listing(many(10));
      const cache = await started();
      const selection = cache.watch({ service: 'web' });
      await clock.advance(0);
      registry.watch_.push({ kind: 'listing', listing: listing([]) });
      await clock.advance(0);
      expect(selection.endpoints).toHaveLength(0);
    });
  });
});
