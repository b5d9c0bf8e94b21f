import { type IEvent } from 'etcd3';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { EtcdResponseError, KeysError, KeysErrorCode } from '../errors/index.js';
import { type EtcdWatchRequest } from '../watch-request.js';
import { type WatchNotification } from '../watch-notification.js';
import { KeyPath } from './key-path.js';
import { type KeysPort, MAX_CONCURRENT_LEASE_REQUESTS, type WatchRange } from './keys-port.js';
import { watchRange } from './watch-range.js';
import { IDLE_TIMEOUT_MS, Watcher } from './watcher.js';

function put(key: string, revision: number): IEvent {
  const text = { key: Buffer.from(key), value: Buffer.from(`at ${revision}`), version: '1', lease: '0' };
  const kv = { ...text, create_revision: String(revision), mod_revision: String(revision) };
  return { type: 'Put', kv, prev_kv: null } as unknown as IEvent;
}

function events(...revisions: number[]): WatchNotification {
  const list = revisions.map((revision) => put('/a', revision));
  return { kind: 'events', events: list, revision: BigInt(revisions.at(-1) ?? 0) };
}

/** Watches that play one script each, and stay open until they are stopped. */
class Scripts {
  readonly requests: EtcdWatchRequest[] = [];
  open = 0;

  constructor(private readonly scripts: (readonly (WatchNotification | Error)[])[]) {}

  async *watch(request: EtcdWatchRequest, signal: AbortSignal): AsyncGenerator<WatchNotification, void> {
    this.requests.push(request);
    this.open += 1;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        this.open -= 1;
        resolve();
      });
    });
    for (const step of this.scripts.shift() ?? []) {
      if (step instanceof Error) throw step;
      yield step;
    }
    await stopped;
  }
}

function setUp(afterIndex: number, ...scripts: (readonly (WatchNotification | Error)[])[]) {
  return setUpWith({}, afterIndex, ...scripts);
}

function setUpWith(
  methods: Partial<KeysPort>,
  afterIndex: number,
  ...scripts: (readonly (WatchNotification | Error)[])[]
) {
  const watches = new Scripts(scripts);
  const clock = new VirtualClock();
  const openWatchers = new Set<Watcher>();
  const port = {
    txn: async () =>
      await Promise.resolve({ header: { revision: '30', cluster_id: '9' }, succeeded: true, responses: [] }),
    watch: (range: WatchRange, signal: AbortSignal) => watchRange(watches, range, signal),
    ...methods,
  } as unknown as KeysPort;
  const settings = { afterIndex, recursive: false };
  return {
    watches,
    clock,
    openWatchers,
    watcher: new Watcher(port, clock, KeyPath.of('/a'), settings, openWatchers),
  };
}

describe('Watcher', () => {
  it('looks up the leases of many deleted keys a few at a time', async () => {
    const deleted = Array.from({ length: 100 }, (_, n) => {
      const { kv } = put('/a', 5);
      return { type: 'Delete', kv, prev_kv: { ...kv, lease: String(n + 1) } } as unknown as IEvent;
    });
    let [running, most] = [0, 0];
    const timeToLive = async (): Promise<undefined> => {
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
    };
    const { watcher } = setUpWith({ timeToLive }, 4, [{ kind: 'events', events: deleted, revision: 5n }]);
    for (let n = 0; n < 100; n++) expect((await watcher.next()).action).toBe('expire');
    expect(most).toBe(MAX_CONCURRENT_LEASE_REQUESTS);
    watcher.close();
  });

  it('delivers the events of a batch one by one, over one watch', async () => {
    const { watcher, watches } = setUp(4, [{ kind: 'alive', revision: 4n }, events(5, 6), events(8)]);
    for (const index of [5, 6, 8]) expect((await watcher.next()).index).toBe(index);
    expect(watches.requests).toHaveLength(1);
    expect(watches.requests[0]).toMatchObject({ after: 4n, clusterId: '9', prevKv: true });
    watcher.close();
    expect(watches.open).toBe(0);
  });

  it("starts after the store's current revision without an index", async () => {
    const { watcher, watches } = setUp(0, [events(31)]);
    expect((await watcher.next()).index).toBe(31);
    expect(watches.requests[0]?.after).toBe(30n);
    watcher.close();
  });

  it('continues after the last event after an error', async () => {
    const failure = new Error('outage');
    const { watcher, watches } = setUp(4, [events(5), failure], [events(6)]);
    expect((await watcher.next()).index).toBe(5);
    await expect(watcher.next()).rejects.toBe(failure);
    expect((await watcher.next()).index).toBe(6);
    expect(watches.requests[1]?.after).toBe(5n);
    watcher.close();
  });

  it('rejects with 401 after a compaction, and continues with the oldest event left', async () => {
    const { watcher, watches } = setUp(4, [{ kind: 'compacted', revision: 20n }], [events(20)]);
    await expect(watcher.next()).rejects.toMatchObject({ code: 401, index: 20 });
    expect((await watcher.next()).index).toBe(20);
    expect(watches.requests[1]?.after).toBe(19n);
    watcher.close();
  });

  it('rejects with 400 if the store was replaced, and continues with new events', async () => {
    const { watcher, watches } = setUp(400, [{ kind: 'replaced', reason: 'restored' }], [events(31)]);
    const error: unknown = await watcher.next().catch((caught: unknown) => caught);
    expect(KeysError.is(error, KeysErrorCode.WatcherCleared)).toBe(true);
    expect((await watcher.next()).index).toBe(31);
    expect(watches.requests[1]?.after).toBe(30n);
    watcher.close();
  });

  it('rejects with 110 if permission is denied', async () => {
    const denied = new EtcdResponseError('http://a', 'etcdserver: permission denied', 7);
    const { watcher } = setUp(4, [denied]);
    await expect(watcher.next()).rejects.toMatchObject({ code: 110 });
    watcher.close();
  });

  it('closes an idle watch and its timer, and opens it again for the next call', async () => {
    const { watcher, watches, clock, openWatchers } = setUp(4, [events(5)], [events(6)]);
    await watcher.next();
    expect([watches.open, openWatchers.size, clock.pending]).toEqual([1, 1, 1]);
    await clock.advance(IDLE_TIMEOUT_MS);
    expect([watches.open, openWatchers.size, clock.pending]).toEqual([0, 0, 0]);
    expect((await watcher.next()).index).toBe(6);
    watcher.close();
    expect([watches.open, openWatchers.size, clock.pending]).toEqual([0, 0, 0]);
  });

  it('loses no event to an aborted call', async () => {
    const { watcher } = setUp(4, [events(5)]);
    const given = new AbortController();
    const first = watcher.next(given.signal);
    given.abort(new Error('aborted'));
    await expect(first).rejects.toThrow('aborted');
    expect((await watcher.next()).index).toBe(5);
    watcher.close();
  });

  it('closes the watch at the end of the loop', async () => {
    const { watcher, watches } = setUp(4, [events(5, 6)]);
    for await (const { index } of watcher) {
      expect(index).toBe(5);
      break;
    }
    expect(watches.open).toBe(0);
    expect((await watcher.next()).index).toBe(6);
    watcher.close();
  });

  it('rejects waiting calls when it is closed', async () => {
    const { watcher } = setUp(4, []);
    const waiting = watcher.next();
    await new Promise((resolve) => setImmediate(resolve));
    watcher.close();
    await expect(waiting).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
  });
});
