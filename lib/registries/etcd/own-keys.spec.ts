import type { IEvent } from 'etcd3';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EtcdResponseError } from '../../etcd-client/errors/index.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { type EtcdWatchRequest } from '../../etcd-client/watch-request.js';
import { type WatchNotification } from '../../etcd-client/watch-notification.js';
import { WatchQueue } from '../../etcd-client/watch-queue.js';
import { type EtcdWatches } from '../../etcd-client/watches.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { MIN_RANGE_KEYS, OwnKeys, type OwnKeysContext } from './own-keys.js';
import { PageSize } from './page-size.js';

const LEASE = '7';

interface StoredKey {
  readonly revision: number;
  readonly lease: string;
}

/** A store with reads of ranges, and watches that deliver its changes. */
class Store implements EtcdCaller {
  readonly timeoutMs = 1_000;
  readonly keys = new Map<string, StoredKey>();
  readonly watching = new Map<WatchQueue<WatchNotification>, EtcdWatchRequest>();
  revision = 1;
  counts = 0;
  reads = 0;
  refusesRanges = false;

  async call<T>({ run }: EtcdRequest<T>): Promise<T> {
    const kv = {
      range: async (range: { key: Buffer; range_end?: Buffer; count_only?: boolean }) => {
        if (range.range_end && this.refusesRanges)
          throw new EtcdResponseError('a', 'etcdserver: permission denied', 7);
        if (range.count_only === true) this.counts += 1;
        else this.reads += 1;
        const found = [...this.keys].filter(([key]) => isIn(range.key, range.range_end, key));
        return await Promise.resolve({
          header: { cluster_id: '1', revision: String(this.revision) },
          count: String(found.length),
          kvs: found.map(([key, { revision }]) => ({
            key: Buffer.from(key),
            mod_revision: String(revision),
          })),
          more: false,
        });
      },
    };
    return await run({ kv } as unknown as EtcdConnection, {}, new AbortController().signal);
  }

  async callOne<T>(_: string, request: EtcdRequest<T>): Promise<T> {
    return await this.call(request);
  }

  watch(request: EtcdWatchRequest, signal: AbortSignal): AsyncIterableIterator<WatchNotification, void> {
    const queue = new WatchQueue<WatchNotification>(
      () => false,
      () => this.watching.delete(queue),
    );
    this.watching.set(queue, request);
    signal.addEventListener('abort', () => {
      this.watching.delete(queue);
      queue.end();
    });
    // What happened since the position of the request.
    for (const [key, { revision, lease }] of this.keys)
      if (BigInt(revision) > (request.after ?? 0n) && isIn(request.key, request.rangeEnd, key))
        queue.push(news('Put', key, revision, lease));
    return queue;
  }

  put(key: string, lease = LEASE): void {
    this.revision += 1;
    this.keys.set(key, { revision: this.revision, lease });
    this.tell('Put', key, lease);
  }

  delete(key: string): void {
    this.revision += 1;
    this.keys.delete(key);
    this.tell('Delete', key, '0');
  }

  private tell(type: IEvent['type'], key: string, lease: string): void {
    for (const [queue, { key: from, rangeEnd }] of this.watching)
      if (isIn(from, rangeEnd, key)) queue.push(news(type, key, this.revision, lease));
  }
}

function isIn(from: Buffer, end: Buffer | undefined, key: string): boolean {
  return end ? key >= from.toString() && key < end.toString() : key === from.toString();
}

function news(type: IEvent['type'], key: string, revision: number, lease: string): WatchNotification {
  const kv = { key: Buffer.from(key), mod_revision: String(revision), lease };
  return { kind: 'events', events: [{ type, kv } as IEvent], revision: BigInt(revision) };
}

function setUp() {
  const store = new Store();
  const clock = new VirtualClock();
  const context: OwnKeysContext = {
    reader: { client: store, clock, pages: new PageSize() },
    watches: store as unknown as EtcdWatches,
    sessions: new Set(),
  };
  const own = new OwnKeys(context, LEASE);
  const seen: string[] = [];
  const errors: unknown[] = [];
  void (async () => {
    for await (const changes of own.watch())
      for (const { entryKey, version } of changes)
        seen.push(`${entryKey.kind === 'key' ? entryKey.key : ''}@${version ?? 'none'}`);
  })().catch((error: unknown) => errors.push(error));
  const write = (key: string, keys = own): void => {
    keys.add(Buffer.from(key), { kind: 'key', key });
    store.put(key);
    keys.written(Buffer.from(key), { clusterId: '1', revision: BigInt(store.revision) });
  };
  return { store, clock, context, own, seen, errors, write };
}

const names = (count: number, path = '/app/'): string[] =>
  Array.from({ length: count }, (_, n) => `${path}k${n}`);

describe('OwnKeys', () => {
  it('has one watch for any number of keys in a folder of its own', async () => {
    const { store, clock, own, seen, write } = setUp();
    for (const name of names(1_000)) write(name);
    await clock.advance(0);
    expect(store.watching.size).toBe(1);
    seen.length = 0;
    store.delete('/app/k5');
    store.put('/app/k6', '9');
    await clock.advance(0);
    expect(seen).toEqual(['/app/k5@none', `/app/k6@${store.revision}`]);
    own.close();
    expect(store.watching.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('misses nothing between the single watches and the watch of the folder', async () => {
    const { store, clock, seen, write } = setUp();
    for (const name of names(MIN_RANGE_KEYS - 1)) write(name);
    await clock.advance(0);
    expect(store.watching.size).toBe(MIN_RANGE_KEYS - 1);
    write('/app/last');
    store.delete('/app/k0');
    await clock.advance(0);
    store.delete('/app/k1');
    await clock.advance(0);
    expect(store.watching.size).toBe(1);
    expect(seen).toEqual(expect.arrayContaining(['/app/k0@none', '/app/k1@none']));
  });

  it("never watches a folder with other processes' keys, and reads none of them", async () => {
    const { store, clock, write } = setUp();
    for (const name of names(3)) store.put(`${name}-foreign`, '9');
    for (const name of names(MIN_RANGE_KEYS)) write(name);
    await clock.advance(2_000);
    expect(store.watching.size).toBe(MIN_RANGE_KEYS);
    expect([...store.watching.values()].every(({ rangeEnd }) => rangeEnd === undefined)).toBe(true);
    expect(store.counts).toBeGreaterThan(0);
  });

  it('watches key by key once another process writes to the folder, without a gap', async () => {
    const { store, clock, seen, write } = setUp();
    for (const name of names(MIN_RANGE_KEYS)) write(name);
    await clock.advance(0);
    store.put('/app/foreign', '9');
    store.delete('/app/k3');
    await clock.advance(0);
    expect(store.watching.size).toBe(MIN_RANGE_KEYS);
    store.delete('/app/k4');
    await clock.advance(0);
    expect(seen).toEqual(expect.arrayContaining(['/app/k4@none']));
  });

  it('does not take a key of another session of the process for a foreign one', async () => {
    const { store, clock, context, write } = setUp();
    const other = new OwnKeys(context, '8');
    for (const name of names(MIN_RANGE_KEYS)) write(name);
    await clock.advance(0);
    other.add(Buffer.from('/app/other'), { kind: 'key', key: '/app/other' });
    store.put('/app/other', '8');
    await clock.advance(0);
    expect(store.watching.size).toBe(1);
  });

  it('watches key by key without the permission to read the folder', async () => {
    const { store, clock, errors, write } = setUp();
    store.refusesRanges = true;
    for (const name of names(MIN_RANGE_KEYS)) write(name);
    await clock.advance(0);
    expect(store.watching.size).toBe(MIN_RANGE_KEYS);
    expect(errors).toEqual([]);
  });

  it('waits while keys of an earlier run of the process are being taken over', async () => {
    const { store, clock, write } = setUp();
    const all = names(60);
    for (const name of all) store.put(name, '9');
    for (const name of all.slice(0, 30)) write(name);
    await clock.advance(100);
    for (const name of all.slice(30)) write(name);
    await clock.advance(1_000);
    expect(store.watching.size).toBe(1);
  });

  it('reads the revisions again when the history is lost', async () => {
    const { store, clock, seen, write } = setUp();
    for (const name of names(MIN_RANGE_KEYS)) write(name);
    await clock.advance(0);
    const [queue] = store.watching.keys();
    store.watching.clear();
    store.delete('/app/k2');
    seen.length = 0;
    queue?.push({ kind: 'compacted', revision: 99n });
    queue?.end();
    await clock.advance(0);
    expect(seen).toHaveLength(MIN_RANGE_KEYS);
    expect(seen).toContain('/app/k2@none');
    expect(store.watching.size).toBe(1);
  });

  it('ends with the error of a watch, and starts again with all keys', async () => {
    const { store, clock, own, errors, write } = setUp();
    for (const name of names(3)) write(name);
    await clock.advance(0);
    const [queue] = store.watching.keys();
    queue?.end(new Error('unreachable'));
    await clock.advance(0);
    expect(errors).toEqual([new Error('unreachable')]);
    expect(store.watching.size).toBe(0);
    store.delete('/app/k1');
    const changes = own.watch();
    const first: unknown[] = [];
    for (let n = 0; n < 3; n += 1) first.push(...((await changes.next()).value as unknown[]));
    expect(first).toContainEqual({ entryKey: { kind: 'key', key: '/app/k1' }, version: undefined });
  });
});
