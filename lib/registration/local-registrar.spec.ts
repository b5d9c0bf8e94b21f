import { pause } from '../common/async/deadline.js';
import { memory } from '../registries/memory/memory.js';
import { type Session } from '../registry/registry.js';
import { type FaultyRegistry } from '../testing/faulty-registry.js';
import {
  expectFirstValueAborted,
  key,
  OPTIONS,
  seeded,
  types,
  World,
} from '../../test/harness/in-memory/registrar-world.js';
import { runs } from '../../test/harness/in-memory/runs.js';

describe('LocalRegistrar', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    await world.close();
    expect(world.clock.pending).toBe(0);
  });

  const register: World['register'] = async (...args) => await world.register(...args);

  it('writes the value at once (Go sidekick wrote an empty one first)', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar, 'running');
    expect(world.value('k')).toBe('running');
    expect(types(events)).toEqual(['alive']);
    expect(registrar.statuses).toMatchObject([{ key: 'k', state: 'alive' }]);
  });

  it('renews three times a TTL and no more, for any number of keys', async () => {
    const { registrar, registry } = await world.registrar();
    for (let n = 0; n < 50; n += 1) await register(registrar, 'v', {}, `k${n}`);
    const before = registry.count('renew');
    await world.clock.advance(90_000);
    const renewals = registry.count('renew') - before;
    expect(renewals).toBeGreaterThanOrEqual(27);
    expect(renewals).toBeLessThanOrEqual(34);
    expect(registry.count('open')).toBe(1);
  });

  it('keeps the key when renewals fail for less than a TTL (in Go sidekick one failure expired it)', async () => {
    const { registrar, registry, events } = await world.registrar();
    await register(registrar);
    registry.fail('hang', 'renew');
    await world.clock.advance(6_500);
    registry.heal();
    await world.clock.advance(3_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'late', 'alive']);
  });

  it('is lost once and restored once when the registry is unreachable for longer than the TTL', async () => {
    const { registrar, registry, events } = await world.registrar();
    await register(registrar);
    registry.fail('down');
    await world.clock.advance(30_000);
    expect(registrar.statuses[0]?.state).toBe('lost');
    registry.heal();
    await world.clock.advance(6_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'late', 'expired', 'restored']);
  });

  it('reconnects to a registry that is slow after an outage', async () => {
    const { registrar, registry, events } = await world.registrar();
    await register(registrar);
    registry.fail('down');
    await world.clock.advance(30_000);
    registry.heal();
    registry.slow(1_800);
    await world.clock.advance(60_000);
    expect(types(events)).toEqual(['alive', 'late', 'expired', 'restored']);
    // Otherwise ending the session would time out, and the store would keep its lease.
    registry.slow(0);
  });

  it('is restored within 500 ms after the process was suspended for 1.6 × TTL, with one lease', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar);
    await world.clock.jump(14_400);
    await world.clock.advance(500);
    expect(world.value('k')).toBe('v');
    expect(types(events).filter((type) => type === 'restored')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'lost')).toHaveLength(1);
    expect(world.source.store.sessions).toBe(1);
  });

  it('does nothing when the wall clock moves by an hour', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar);
    world.clock.setWall(world.clock.wall() + 3_600_000);
    await world.clock.advance(30_000);
    world.clock.setWall(world.clock.wall() - 7_200_000);
    await world.clock.advance(30_000);
    expect(types(events)).toEqual(['alive']);
    expect(registrar.statuses[0]?.age).toBeLessThan(4);
  });

  it('restores a deleted key within a second', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar);
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'deleted', 'restored']);
  });

  it('restores a key that was overwritten without a session', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar);
    world.source.store.put({ kind: 'key', key: 'k', value: 'by hand' });
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'overwritten', 'restored']);
  });

  it('restores a deleted key with the update tick while the watch fails', async () => {
    const { registrar, registry } = await world.registrar();
    await register(registrar);
    registry.fail('down', 'watch');
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(8_500);
    expect(world.value('k')).toBe('v');
  });

  it('restores with the tick a deletion that one batch of the watch hides', async () => {
    const { registrar, registry } = await world.registrar();
    const open = registry.openSession.bind(registry);
    registry.openSession = async (options, signal): Promise<Session> => {
      const session = await open(options, signal);
      // Like a registry whose renewals do not report missing entries.
      return { ...session, renew: async (s) => ({ ...(await session.renew(s)), missing: [] }) };
    };
    const watch = registry.watch.bind(registry);
    registry.watch = async function* (scope, cursor, signal) {
      for await (const batch of watch(scope, cursor, signal)) {
        yield batch;
        if (batch.kind === 'changes' && batch.changes.some(({ kind }) => kind === 'delete')) break;
      }
      // The watch is alive and reports no changes: a put and a delete between two batches cancel each other out.
      for (;;) {
        yield { kind: 'changes', changes: [], cursor };
        await pause(world.clock, 2_000, signal).catch(() => undefined);
        if (signal.aborted) return;
      }
    };
    await register(registrar);
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v');
  });

  it('is gone when close() resolves, and stays gone (in Go sidekick a write in flight left the key behind)', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    registry.fail('swallow', 'write');
    const writing = registration.update(key('k', 'late'));
    const closing = registrar.close();
    await world.clock.advance(2_500);
    await Promise.all([writing, closing]);
    expect(world.value('k')).toBeUndefined();
    const requests = [...registry.requests.values()].reduce((sum, count) => sum + count, 0);
    await world.clock.advance(60_000);
    expect(world.value('k')).toBeUndefined();
    expect([...registry.requests.values()].reduce((sum, count) => sum + count, 0)).toBe(requests);
  });

  it('logs writes that are not answered once in an outage, and again in the next one', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    const overdue = (): number => world.warnings.filter((line) => line.startsWith('Writing "k"')).length;
    const write = async (value: string): Promise<void> => {
      const writing = registration.update(key('k', value));
      await world.clock.advance(8_000);
      await writing;
    };
    registry.fail('down');
    for (const value of ['a', 'b', 'c']) await write(value);
    expect(overdue()).toBe(1);
    registry.heal();
    await world.clock.advance(6_000);
    await write('d');
    expect(world.value('k')).toBe('d');
    registry.fail('down');
    await write('e');
    expect(overdue()).toBe(2);
  });

  it('closes within two seconds while the registry hangs', async () => {
    const { registrar, registry } = await world.registrar();
    await register(registrar);
    registry.fail('hang');
    const from = world.clock.now();
    let took: number | undefined;
    const closing = registrar.close().then(() => (took = world.clock.now() - from));
    await world.clock.advance(10_000);
    await closing;
    expect(took).toBeLessThanOrEqual(2_000);
    expect(world.clock.pending).toBe(0);
  });

  it('aborts the computation of a first value when it is closed', async () => {
    const { registrar } = await world.registrar();
    await expectFirstValueAborted(registrar, world.clock);
  });

  it('leaves no timer behind when it is closed during a change or a deregistration', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    const other = await register(registrar, 'v', {}, 'other');
    registry.fail('hang');
    const changing = Promise.all([registration.update(key('k', 'next')), other.stop()]);
    await world.clock.advance(500);
    const closing = registrar.close();
    await world.clock.advance(1_800);
    await Promise.all([closing, changing]);
    // The timer of the store, for the lease that could not be ended.
    expect(world.clock.pending).toBe(1);
    await world.clock.advance(OPTIONS.ttl * 1_000);
    expect(world.warnings.filter((text) => text.includes('background'))).toEqual([]);
  });

  it('removes a single key that was stopped while the registry was down', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    await register(registrar, 'w', {}, 'other');
    registry.fail('down');
    const stopping = registration.stop();
    await world.clock.advance(2_500);
    await stopping;
    expect(world.value('k')).toBe('v');
    registry.heal();
    await world.clock.advance(5_000);
    expect(world.value('k')).toBeUndefined();
    expect(world.value('other')).toBe('w');
  });

  it('retries the first write without limit', async () => {
    const { registrar, registry } = await world.registrar();
    registry.fail('down');
    const { first } = await registrar.register('k', key('k', 'v'), OPTIONS);
    const failed = expect(first).rejects.toThrow(/not reachable/);
    await world.clock.advance(600_000);
    await failed;
    registry.heal();
    await world.clock.advance(6_000);
    expect(world.value('k')).toBe('v');
  });

  it('warns once when the registry grants another TTL, and uses the granted one', async () => {
    const { registrar, registry } = await world.registrar();
    const open = registry.openSession.bind(registry);
    registry.openSession = async (options, signal): Promise<Session> =>
      await open({ ...options, ttl: 30 }, signal);
    await register(registrar);
    const before = registry.count('renew');
    await world.clock.advance(90_000);
    expect(registry.count('renew') - before).toBeLessThanOrEqual(11);
    expect(world.warnings.filter((text) => text.includes('granted a TTL of 30 s'))).toHaveLength(1);
  });

  it('rejects a second registration of the same key', async () => {
    const { registrar } = await world.registrar();
    await register(registrar);
    await expect(registrar.register('k', key('k', 'again'), OPTIONS)).rejects.toThrow(
      /registered by this process already/,
    );
  });

  it('leaves no entry and no timer after random interleavings of start and stop', async () => {
    const random = seeded(20_261_121);
    for (let round = 0; round < runs(250, 1_000); round += 1) {
      const { registrar, registry } = await world.registrar(round + 1);
      registry.slow(random() * 40);
      const starting = registrar
        .register('k', key('k', `v${round}`), OPTIONS)
        .then(({ first }) => first.catch(() => undefined));
      await world.clock.advance(random() * 120);
      if (random() < 0.3)
        registry.fail(random() < 0.5 ? 'swallow' : 'hang', random() < 0.5 ? 'open' : 'write');
      const closing = registrar.close();
      await world.clock.advance(5_100);
      await Promise.all([starting.catch(() => undefined), closing]);
    }
    await world.clock.advance(OPTIONS.ttl * 1000 + 1_000);
    expect(world.value('k')).toBeUndefined();
    expect(world.source.store.sessions).toBe(0);
  }, 60_000);

  it('reconnects without a thundering herd: many clients, 15 s of outage', async () => {
    const clients = runs(80, 200);
    const registries: FaultyRegistry[] = [];
    const openedAt: number[] = [];
    for (let n = 0; n < clients; n += 1) {
      // One store per client: a shared one would wake all watches with every change.
      const { registrar, registry } = await world.registrar(n + 7, memory());
      registries.push(registry);
      await registrar.register(`k${n}`, key(`k${n}`, 'v'), OPTIONS);
      const open = registry.openSession.bind(registry);
      registry.openSession = async (options, signal): Promise<Session> => {
        const session = await open(options, signal);
        openedAt.push(world.clock.now());
        return session;
      };
    }
    await world.clock.advance(100);
    for (const registry of registries) registry.fail('down');
    await world.clock.advance(15_000);
    openedAt.length = 0;
    const back = world.clock.now();
    for (const registry of registries) registry.heal();
    await world.clock.advance(6_000);
    const sorted = openedAt.map((at) => at - back).sort((a, b) => a - b);
    expect(sorted).toHaveLength(clients);
    expect(sorted[clients - 3]).toBeLessThanOrEqual(5_000);
    const most = Math.max(
      ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 100).length),
    );
    expect(most).toBeLessThanOrEqual(20);
  });
});
