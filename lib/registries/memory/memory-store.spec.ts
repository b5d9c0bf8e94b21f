import { silentLogger } from '../../common/logger.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type KeyRecord, entryKeyOf } from '../../registry/entry-record.js';
import { type Registry, type WatchBatch } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { memory, type MemorySource } from './memory.js';
import { memoryFromUrl } from './url.js';

const { signal } = new AbortController();
const record = (key: string, value = ''): KeyRecord => ({ kind: 'key', key, value });

describe('memory', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let registry: Registry;
  const open = (from = source) => from.open({ clock, random: Math.random, logger: silentLogger });
  beforeEach(async () => {
    clock = new VirtualClock();
    source = memory({ history: 100 });
    registry = await open();
  });

  function watch(key: string, cursor: string): { batches: WatchBatch[]; stop: () => Promise<void> } {
    const controller = new AbortController();
    const batches: WatchBatch[] = [];
    const running = (async () => {
      for await (const batch of registry.watch(record(key), cursor, controller.signal)) batches.push(batch);
    })();
    return {
      batches,
      stop: async () => {
        controller.abort();
        await running;
      },
    };
  }

  it('expires a session to the millisecond and reports the cause', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    await session.write(record('k'), undefined, signal);
    const { cursor } = await registry.list(record('k'), signal);
    const { batches, stop } = watch('k', cursor);
    await clock.advance(5_000);
    await session.renew(signal);
    await clock.advance(9_999);
    expect((await registry.list(record('k'), signal)).entries).toHaveLength(1);
    const before = batches.length;
    await clock.advance(1);
    expect(batches.slice(before)).toEqual([
      {
        kind: 'changes',
        cursor: '2',
        changes: [{ kind: 'delete', entryKey: entryKeyOf(record('k')), cause: 'expired' }],
      },
    ]);
    await stop();
    expect(clock.pending).toBe(0);
  });

  it('expires a session after a blocked event loop, whichever timer runs first', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    await session.write(record('k'), undefined, signal);
    let outcome: unknown;
    clock.after(5_000, () => {
      session.renew(signal).catch((error: unknown) => (outcome = error));
    });
    await clock.jump(16_000);
    expect(outcome).toBeInstanceOf(SessionGoneError);
    expect(source.store.sessions).toBe(0);
  });

  it('ignores changes of the wall clock', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    await session.write(record('k'), undefined, signal);
    clock.setWall(clock.wall() + 3_600_000);
    await clock.advance(9_000);
    await expect(session.renew(signal)).resolves.toEqual({ ttl: 10, missing: [] });
    clock.setWall(clock.wall() - 7_200_000);
    await clock.advance(9_999);
    expect((await registry.list(record('k'), signal)).entries).toHaveLength(1);
    await session.end(signal);
    expect(clock.pending).toBe(0);
  });

  it('continues from any cursor within its history, and resets the others', async () => {
    for (let n = 0; n < 150; n++) source.store.put(record('k', String(n)));
    const middle = watch('k', '100');
    await clock.advance(0);
    expect(middle.batches[0]).toMatchObject({ kind: 'changes', cursor: '150' });
    expect(middle.batches[0]?.kind === 'changes' && middle.batches[0].changes).toHaveLength(50);
    await middle.stop();
    for (let n = 150; n < 300; n++) source.store.put(record('k', String(n)));
    for (const cursor of ['100', '301', '-1', 'x', '']) {
      const { batches, stop } = watch('k', cursor);
      await clock.advance(0);
      expect(batches.map(({ kind }) => kind)).toEqual(['reset']);
      await stop();
    }
  });

  it('reports all changes since the last batch in one batch', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    const scope = { kind: 'service', service: 'web' } as const;
    const { cursor } = await registry.list(scope, signal);
    const batches: WatchBatch[] = [];
    const controller = new AbortController();
    const running = (async () => {
      for await (const batch of registry.watch(scope, cursor, controller.signal)) batches.push(batch);
    })();
    for (let n = 0; n < 20; n++)
      source.store.put({
        kind: 'instance',
        instance: {
          service: 'web',
          id: String(n),
          address: '10.0.0.1',
          port: 80,
          ports: {},
          tags: [],
          meta: {},
          weight: 1,
        },
      });
    await clock.advance(0);
    expect(batches.map((batch) => batch.kind === 'changes' && batch.changes.length)).toEqual([20]);
    await session.end(signal);
    controller.abort();
    await running;
  });

  it('loses all entries and sessions when it is wiped', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    await session.write(record('k'), undefined, signal);
    const { cursor } = await registry.list(record('k'), signal);
    source.store.wipe();
    await expect(session.renew(signal)).rejects.toThrow(SessionGoneError);
    const { batches, stop } = watch('k', cursor);
    await clock.advance(0);
    expect(batches.map(({ kind }) => kind)).toEqual(['reset']);
    await stop();
    expect(clock.pending).toBe(0);
  });

  it('stores a copy that the writer cannot modify', async () => {
    const session = await registry.openSession({ ttl: 10 }, signal);
    const meta = { a: '1' };
    const instance = {
      service: 'web',
      id: '1',
      address: '10.0.0.1',
      port: 80,
      ports: {},
      tags: [],
      meta,
      weight: 1,
    };
    await session.write({ kind: 'instance', instance }, undefined, signal);
    meta.a = '2';
    const { entries } = await registry.list({ kind: 'service', service: 'web' }, signal);
    expect(entries[0]?.record).toMatchObject({ instance: { meta: { a: '1' } } });
    await session.end(signal);
  });

  it('expires the sessions of a closed connection, and no others', async () => {
    const other = await open();
    const [mine, theirs] = [
      await registry.openSession({ ttl: 10 }, signal),
      await other.openSession({ ttl: 10 }, signal),
    ];
    await mine.write(record('mine'), undefined, signal);
    await theirs.write(record('theirs'), undefined, signal);
    await registry.close();
    expect((await other.list(record('mine'), signal)).entries).toEqual([]);
    expect((await other.list(record('theirs'), signal)).entries).toHaveLength(1);
    await other.close();
    expect(clock.pending).toBe(0);
  });

  it('shares the stores of equal URLs', async () => {
    const [one, two, other] = ['memory:shared', 'memory:shared', 'memory:other'].map(memoryFromUrl);
    expect(one?.store).toBe(two?.store);
    expect(one?.store).not.toBe(other?.store);
    expect(memory().store).not.toBe(memory().store);
  });

  it.each([0, -1, NaN, Infinity])('refuses a TTL of %p', async (ttl) => {
    await expect(registry.openSession({ ttl }, signal)).rejects.toThrow(/^Expected `ttl` to be/);
  });
});
