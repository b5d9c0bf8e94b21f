import { pause } from '../common/async/deadline.js';
import { silentLogger } from '../common/logger.js';
import { type EntryRecord, type KeyRecord } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type Session } from '../registry/registry.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { AlreadyHeldError } from './already-held.error.js';
import { type RegistrationEvent } from './registration-status.js';
import { LocalRegistrar } from './local-registrar.js';
import { type RegistrationOptions } from './registrar.js';
import { clockTicker } from './ticker.js';

const OPTIONS: RegistrationOptions = { ttl: 9, updateInterval: 8, exclusive: false };

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

class World {
  readonly clock = new VirtualClock();
  readonly source: MemorySource = memory();
  readonly warnings: string[] = [];
  private readonly keepers: LocalRegistrar[] = [];

  async keeper(
    seed = 1,
    source = this.source,
  ): Promise<{ keeper: LocalRegistrar; registry: FaultyRegistry; events: RegistrationEvent[] }> {
    const deps = { clock: this.clock, random: seeded(seed), logger: silentLogger };
    const registry = new FaultyRegistry(await source.open(deps), this.clock);
    const logger = { ...silentLogger, warn: (text: string) => void this.warnings.push(text) };
    const keeper = new LocalRegistrar({
      ...deps,
      logger,
      registry,
      ticker: clockTicker(this.clock),
      name: 'test',
    });
    const events: RegistrationEvent[] = [];
    keeper.onEvent((event) => events.push(event));
    this.keepers.push(keeper);
    return { keeper, registry, events };
  }

  value(key: string): string | undefined {
    return (this.source.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.keepers.map((keeper) => keeper.close()));
    await this.clock.advance(5_000);
    await closing;
  }
}

const key =
  (name: string, value: string): (() => EntryRecord) =>
  () => ({ kind: 'key', key: name, value });
const types = (events: readonly RegistrationEvent[]): string[] =>
  events.map(({ type, reason }) => reason ?? type);

describe('Keeper', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    await world.close();
    expect(world.clock.pending).toBe(0);
  });

  /** Keeps `k` and lets the first write happen. */
  async function keep(
    keeper: LocalRegistrar,
    value = 'v',
    options: Partial<RegistrationOptions> = {},
    name = 'k',
  ): Promise<string> {
    const keeping = keeper.register(name, key(name, value), { ...OPTIONS, ...options });
    await world.clock.advance(50);
    const { id, first } = await keeping;
    await first;
    return id;
  }

  it('stores the value at once (sidekick B1: it stored an empty one)', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper, 'running');
    expect(world.value('k')).toBe('running');
    expect(types(events)).toEqual(['alive']);
    expect(keeper.statuses).toMatchObject([{ key: 'k', state: 'alive' }]);
  });

  it('renews three times a TTL and no more, for any number of keys', async () => {
    const { keeper, registry } = await world.keeper();
    for (let n = 0; n < 50; n += 1) await keep(keeper, 'v', {}, `k${n}`);
    const before = registry.count('renew');
    await world.clock.advance(90_000);
    const renewals = registry.count('renew') - before;
    expect(renewals).toBeGreaterThanOrEqual(27);
    expect(renewals).toBeLessThanOrEqual(34);
    expect(registry.count('open')).toBe(1);
  });

  it('keeps the key through missed beats (sidekick B5: one missed beat expired it)', async () => {
    const { keeper, registry, events } = await world.keeper();
    await keep(keeper);
    registry.fail('hang', 'renew');
    await world.clock.advance(6_500);
    registry.heal();
    await world.clock.advance(3_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'late', 'alive']);
  });

  it('loses and restores once when the registry is away for longer than the TTL', async () => {
    const { keeper, registry, events } = await world.keeper();
    await keep(keeper);
    registry.fail('down');
    await world.clock.advance(30_000);
    expect(keeper.statuses[0]?.state).toBe('lost');
    registry.heal();
    await world.clock.advance(6_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'late', 'expired', 'restored']);
  });

  it('comes back to a registry that is slow for all who come back to it', async () => {
    const { keeper, registry, events } = await world.keeper();
    await keep(keeper);
    registry.fail('down');
    await world.clock.advance(30_000);
    registry.heal();
    registry.slow(1_800);
    await world.clock.advance(60_000);
    expect(types(events)).toEqual(['alive', 'late', 'expired', 'restored']);
    // The session has lived on: a slow end would leave its lease to the store.
    registry.slow(0);
  });

  it('is back within 500 ms after the process was held up for 1.6 × TTL, with one lease', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper);
    await world.clock.jump(14_400);
    await world.clock.advance(500);
    expect(world.value('k')).toBe('v');
    expect(types(events).filter((type) => type === 'restored')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'lost')).toHaveLength(1);
    expect(world.source.store.sessions).toBe(1);
  });

  it('does nothing when the wall clock moves by an hour', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper);
    world.clock.setWall(world.clock.wall() + 3_600_000);
    await world.clock.advance(30_000);
    world.clock.setWall(world.clock.wall() - 7_200_000);
    await world.clock.advance(30_000);
    expect(types(events)).toEqual(['alive']);
    expect(keeper.statuses[0]?.age).toBeLessThan(4);
  });

  it('puts a deleted key back within a second', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper);
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'deleted', 'restored']);
  });

  it('puts an overwrite right that no session stands behind', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper);
    world.source.store.put({ kind: 'key', key: 'k', value: 'by hand' });
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'overwritten', 'restored']);
  });

  it('puts it right with the update tick while no watch works', async () => {
    const { keeper, registry } = await world.keeper();
    await keep(keeper);
    registry.fail('down', 'watch');
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(8_500);
    expect(world.value('k')).toBe('v');
  });

  it('puts back with the tick what came and went within one batch of the watch', async () => {
    const { keeper, registry } = await world.keeper();
    const open = registry.openSession.bind(registry);
    registry.openSession = async (options, signal): Promise<Session> => {
      const session = await open(options, signal);
      // As from a registry whose renewals say nothing of single entries.
      return { ...session, renew: async (s) => ({ ...(await session.renew(s)), missing: [] }) };
    };
    const watch = registry.watch.bind(registry);
    registry.watch = async function* (scope, cursor, signal) {
      for await (const batch of watch(scope, cursor, signal)) {
        yield batch;
        if (batch.kind === 'changes' && batch.changes.some(({ kind }) => kind === 'delete')) break;
      }
      // Alive, and with nothing to tell: a put and a delete between two of its answers leave no difference.
      for (;;) {
        yield { kind: 'changes', changes: [], cursor };
        await pause(world.clock, 2_000, signal).catch(() => undefined);
        if (signal.aborted) return;
      }
    };
    await keep(keeper);
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    world.source.store.remove({ kind: 'key', key: 'k' }, 'withdrawn');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v');
  });

  it('gives way to a newer holder and has the key back when that one goes', async () => {
    const older = await world.keeper(1);
    const newer = await world.keeper(2);
    await keep(older.keeper, 'old');
    await keep(newer.keeper, 'new');
    await world.clock.advance(60_000);
    expect(world.value('k')).toBe('new');
    expect(older.keeper.statuses[0]?.state).toBe('standby');
    expect(types(older.events)).toEqual(['alive', 'taken-over']);
    expect(types(newer.events)).toEqual(['alive']);
    const closing = newer.keeper.close();
    await world.clock.advance(1_000);
    await closing;
    expect(world.value('k')).toBe('old');
    expect(types(older.events)).toEqual(['alive', 'taken-over', 'restored']);
  });

  it('has the key back when the newer holder dies without a word', async () => {
    const older = await world.keeper(1);
    const newer = await world.keeper(2);
    await keep(older.keeper, 'old');
    await keep(newer.keeper, 'new');
    newer.registry.fail('hang');
    await world.clock.advance(10_000);
    expect(world.value('k')).toBe('old');
    newer.registry.heal();
    await world.clock.advance(20_000);
    expect(world.value('k')).toBe('old');
    expect(newer.keeper.statuses[0]?.state).toBe('standby');
  });

  it('never removes what belongs to a newer holder (sidekick B8)', async () => {
    const older = await world.keeper(1);
    const newer = await world.keeper(2);
    await keep(older.keeper, 'old');
    await keep(newer.keeper, 'new');
    const closing = older.keeper.close();
    await world.clock.advance(1_000);
    await closing;
    expect(world.value('k')).toBe('new');
  });

  it('refuses to start exclusively while another holds the key', async () => {
    const holder = await world.keeper(1);
    const second = await world.keeper(2);
    await keep(holder.keeper, 'old');
    const { first } = await second.keeper.register('k', key('k', 'new'), { ...OPTIONS, exclusive: true });
    const refused = expect(first).rejects.toThrow(AlreadyHeldError);
    await world.clock.advance(100);
    await refused;
    expect(world.value('k')).toBe('old');
  });

  it('opens a new session when the old one is revoked, and the other keys do not notice', async () => {
    const { keeper, events } = await world.keeper();
    await keep(keeper);
    await keep(keeper, 'w', { ttl: 12 }, 'other');
    const owner = world.source.store.entry({ kind: 'key', key: 'k' })!.owner!;
    world.source.store.revoke(owner);
    await world.clock.advance(2_000);
    expect(world.value('k')).toBe('v');
    expect(events.filter((event) => event.key === 'other').map(({ type }) => type)).toEqual(['alive']);
  });

  it('registers everything again after the registry was wiped', async () => {
    const { keeper } = await world.keeper();
    for (const name of ['a', 'b', 'c']) await keep(keeper, 'v', {}, name);
    world.source.store.wipe();
    await world.clock.advance(3_000 + 5_000);
    for (const name of ['a', 'b', 'c']) expect(world.value(name)).toBe('v');
  });

  it('writes a new value at once, and not before it differs', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    const writes = registry.count('write');
    await keeper.update(id, key('k', 'v2'));
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(80_000);
    expect(registry.count('write')).toBe(writes + 1);
  });

  it('writes at once even while it waits to try again', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    registry.fail('down', 'write');
    const failing = keeper.update(id, key('k', 'v2'));
    await world.clock.advance(2_100);
    await failing;
    registry.heal();
    await keeper.update(id, key('k', 'v3'));
    expect(world.value('k')).toBe('v3');
  });

  it('computes the value with every tick, and keeps the last one when that fails', async () => {
    const { keeper } = await world.keeper();
    let n = 0;
    const produce = (): EntryRecord => {
      n += 1;
      if (n === 3) throw new Error('no value today');
      return { kind: 'key', key: 'k', value: `v${n}` };
    };
    await keeper.register('k', produce, OPTIONS);
    await world.clock.advance(8_500);
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v4');
  });

  it('moves to another TTL without a gap', async () => {
    const { keeper, events } = await world.keeper();
    const id = await keep(keeper);
    let absent = 0;
    const bell = { ring: () => (absent += world.value('k') === undefined ? 1 : 0) };
    const stop = world.source.store.subscribe(bell as never);
    const moving = keeper.ttl(id, 30);
    await world.clock.advance(40_000);
    await moving;
    stop();
    expect(absent).toBe(0);
    expect(world.value('k')).toBe('v');
    expect(world.source.store.sessions).toBe(1);
    expect(types(events)).toEqual(['alive']);
  });

  it('pauses and resumes', async () => {
    const { keeper, events } = await world.keeper();
    const id = await keep(keeper);
    await keeper.pause(id);
    expect(world.value('k')).toBeUndefined();
    expect(keeper.statuses[0]?.state).toBe('paused');
    await world.clock.advance(20_000);
    expect(world.value('k')).toBeUndefined();
    keeper.resume(id);
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'stopped', 'alive']);
  });

  it('is there when resume() follows a pause at once', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    registry.slow(20);
    const pausing = keeper.pause(id);
    keeper.resume(id);
    await world.clock.advance(1_000);
    await pausing;
    expect(world.value('k')).toBe('v');
    expect(keeper.statuses).toMatchObject([{ state: 'alive' }]);
    expect(world.warnings).toEqual([]);
  });

  it('keeps what is paused before its first write, and puts it there with resume()', async () => {
    const { keeper, registry } = await world.keeper();
    registry.slow(100);
    const { id, first } = await keeper.register('k', key('k', 'v'), OPTIONS);
    const pausing = keeper.pause(id);
    await first;
    await world.clock.advance(1_000);
    await pausing;
    expect(world.value('k')).toBeUndefined();
    keeper.resume(id);
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
  });

  it('is gone when close() resolves, and stays gone (sidekick B3: a beat in flight left a ghost)', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    registry.fail('swallow', 'write');
    const writing = keeper.update(id, key('k', 'late'));
    const closing = keeper.close();
    await world.clock.advance(2_500);
    await Promise.all([writing, closing]);
    expect(world.value('k')).toBeUndefined();
    const requests = [...registry.requests.values()].reduce((sum, count) => sum + count, 0);
    await world.clock.advance(60_000);
    expect(world.value('k')).toBeUndefined();
    expect([...registry.requests.values()].reduce((sum, count) => sum + count, 0)).toBe(requests);
  });

  it('closes within two seconds while the registry hangs', async () => {
    const { keeper, registry } = await world.keeper();
    await keep(keeper);
    registry.fail('hang');
    const from = world.clock.now();
    let took: number | undefined;
    const closing = keeper.close().then(() => (took = world.clock.now() - from));
    await world.clock.advance(10_000);
    await closing;
    expect(took).toBeLessThanOrEqual(2_000);
    expect(world.clock.pending).toBe(0);
  });

  it('leaves no timer behind when it is closed in the middle of a change or a withdrawal', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    const other = await keep(keeper, 'v', {}, 'other');
    registry.fail('hang');
    const changing = Promise.all([keeper.update(id, key('k', 'next')), keeper.stop(other)]);
    await world.clock.advance(500);
    const closing = keeper.close();
    await world.clock.advance(1_800);
    await Promise.all([closing, changing]);
    // The store's own, for the lease that nobody could end.
    expect(world.clock.pending).toBe(1);
    await world.clock.advance(OPTIONS.ttl * 1_000);
    expect(world.warnings.filter((text) => text.includes('background'))).toEqual([]);
  });

  it('removes a single key although the registry was down when that was asked for', async () => {
    const { keeper, registry } = await world.keeper();
    const id = await keep(keeper);
    await keep(keeper, 'w', {}, 'other');
    registry.fail('down');
    const stopping = keeper.stop(id);
    await world.clock.advance(2_500);
    await stopping;
    expect(world.value('k')).toBe('v');
    registry.heal();
    await world.clock.advance(5_000);
    expect(world.value('k')).toBeUndefined();
    expect(world.value('other')).toBe('w');
  });

  it('keeps trying to start for as long as it takes', async () => {
    const { keeper, registry } = await world.keeper();
    registry.fail('down');
    const { first } = await keeper.register('k', key('k', 'v'), OPTIONS);
    const failed = expect(first).rejects.toThrow(/not reachable/);
    await world.clock.advance(600_000);
    await failed;
    registry.heal();
    await world.clock.advance(6_000);
    expect(world.value('k')).toBe('v');
  });

  it('warns once when another TTL is granted, and goes by it', async () => {
    const { keeper, registry } = await world.keeper();
    const open = registry.openSession.bind(registry);
    registry.openSession = async (options, signal): Promise<Session> =>
      await open({ ...options, ttl: 30 }, signal);
    await keep(keeper);
    const before = registry.count('renew');
    await world.clock.advance(90_000);
    expect(registry.count('renew') - before).toBeLessThanOrEqual(11);
    expect(world.warnings.filter((text) => text.includes('granted a TTL of 30 s'))).toHaveLength(1);
  });

  it('does not count a slot twice', async () => {
    const { keeper } = await world.keeper();
    await keep(keeper);
    await expect(keeper.register('k', key('k', 'again'), OPTIONS)).rejects.toThrow(
      /kept by this process already/,
    );
  });

  it('leaves no orphan and no timer after 1,000 random interleavings of start and stop', async () => {
    const random = seeded(20_261_121);
    for (let round = 0; round < 1_000; round += 1) {
      const { keeper, registry } = await world.keeper(round + 1);
      registry.slow(random() * 40);
      const starting = keeper
        .register('k', key('k', `v${round}`), OPTIONS)
        .then(({ first }) => first.catch(() => undefined));
      await world.clock.advance(random() * 120);
      if (random() < 0.3)
        registry.fail(random() < 0.5 ? 'swallow' : 'hang', random() < 0.5 ? 'open' : 'write');
      const closing = keeper.close();
      await world.clock.advance(5_100);
      await Promise.all([starting.catch(() => undefined), closing]);
    }
    await world.clock.advance(OPTIONS.ttl * 1000 + 1_000);
    expect(world.value('k')).toBeUndefined();
    expect(world.source.store.sessions).toBe(0);
  }, 60_000);

  it('comes back without a herd: 1,000 clients, 30 s of outage', async () => {
    const registries: FaultyRegistry[] = [];
    const openedAt: number[] = [];
    for (let n = 0; n < 1_000; n += 1) {
      // A store each: what is counted is when they come, and a shared one would wake a thousand watches a change.
      const { keeper, registry } = await world.keeper(n + 7, memory());
      registries.push(registry);
      await keeper.register(`k${n}`, key(`k${n}`, 'v'), OPTIONS);
      const open = registry.openSession.bind(registry);
      registry.openSession = async (options, signal): Promise<Session> => {
        const session = await open(options, signal);
        openedAt.push(world.clock.now());
        return session;
      };
    }
    await world.clock.advance(100);
    for (const registry of registries) registry.fail('down');
    await world.clock.advance(30_000);
    openedAt.length = 0;
    const back = world.clock.now();
    for (const registry of registries) registry.heal();
    await world.clock.advance(6_000);
    const sorted = openedAt.map((at) => at - back).sort((a, b) => a - b);
    expect(sorted).toHaveLength(1_000);
    expect(sorted[989]).toBeLessThanOrEqual(5_000);
    const most = Math.max(
      ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 100).length),
    );
    expect(most).toBeLessThanOrEqual(60);
  }, 60_000);
});
