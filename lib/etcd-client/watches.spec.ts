import { ClusterError, EtcdResponseError } from './errors/index.js';
import { type WatchNotification } from './watch-notification.js';
import { setUp, idle, read } from '../../test/harness/in-memory/watch-cluster.js';

/** The notifications of one watch, and its error. */
interface Read {
  readonly notifications: WatchNotification[];
  error(): Error | undefined;
  end(): Promise<void>;
}

const event = (revision: number, value = ''): object => ({
  type: 'Put',
  kv: { key: Buffer.from('k'), value: Buffer.from(value), lease: '0', mod_revision: String(revision) },
});

describe('EtcdWatches', () => {
  it('requests the events after its position, and sends a progress request every 2 s while they are answered', async () => {
    const { cluster, clock, notifications, stop } = setUp();
    await clock.advance(0);
    const [first] = cluster.opened;
    expect(first!.written).toMatchObject([
      { create_request: { start_revision: '6', watch_id: 1, fragment: true } },
    ]);
    first!.answer({ created: true });
    for (let asked = 1; asked <= 6; asked += 1) {
      await clock.advance(asked === 1 ? 500 : 1_999);
      expect(first!.written).toHaveLength(asked === 1 ? 2 : asked);
      await clock.advance(asked === 1 ? 0 : 1);
      expect(first!.written).toHaveLength(1 + asked);
      expect(first!.written.at(-1)).toEqual({ progress_request: {} });
      first!.answer({ watch_id: '-1' });
    }
    expect(clock.pending).toBe(1);
    await clock.advance(0);
    // Each watch gets a sign of life every 4 s only, since there may be thousands.
    expect(notifications.map(({ kind }) => kind)).toEqual(['alive', 'alive']);
    await stop();
  });

  it('repeats a progress request that is not answered, and leaves a server that is silent for 1.5 s after one', async () => {
    const { cluster, clock, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    await clock.advance(500);
    cluster.opened[0]!.answer({ watch_id: '-1' });
    await clock.advance(2_000);
    // A server with watches that still catch up ignores some.
    await clock.advance(1_000);
    expect(cluster.opened[0]!.written.slice(2)).toEqual(Array(3).fill({ progress_request: {} }));
    cluster.opened[0]!.answer({ watch_id: '-1' });
    await clock.advance(2_000);
    await clock.advance(1_499);
    expect(cluster.opened).toHaveLength(1);
    await clock.advance(1);
    expect(cluster.opened.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    // The other server has its whole time.
    await clock.advance(1_999);
    expect(cluster.opened).toHaveLength(2);
    await clock.advance(1);
    expect(cluster.opened).toHaveLength(3);
    await stop();
    expect(clock.pending).toBe(0);
  });

  it('gives the server after a stream that failed between two progress requests its whole time', async () => {
    const { cluster, clock, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    await clock.advance(500);
    cluster.opened[0]!.answer({ watch_id: '-1' });
    await clock.advance(1_900);
    cluster.opened[0]!.stream.fail('reset');
    await clock.advance(1_999);
    expect(cluster.opened).toHaveLength(2);
    await clock.advance(1);
    expect(cluster.opened).toHaveLength(3);
    await stop();
    expect(clock.pending).toBe(0);
  });

  it('reports the current revision at once to a watch without a start revision', async () => {
    const { cluster, clock, watches } = idle();
    const { notifications, end } = read(watches, { key: Buffer.from('k') });
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true }, 12);
    await clock.advance(0);
    expect(notifications).toEqual([{ kind: 'alive', revision: 12n }]);
    await end();
    expect(clock.pending).toBe(0);
  });

  it('counts messages to other watches as signs of life while a watch waits to be created', async () => {
    const { cluster, clock, watches } = idle();
    const readers = Array.from({ length: 40 }, (_, i) =>
      read(watches, { key: Buffer.from(`k${i}`), after: 5n, unavailableTimeoutMs: 5_000 }),
    );
    await clock.advance(0);
    // One watch is created per second: the last has waited for 40 s.
    for (let i = 1; i <= 40; i += 1) {
      cluster.opened[0]!.answer({ created: true, watch_id: String(i) });
      await clock.advance(1_000);
    }
    expect(cluster.opened).toHaveLength(1);
    for (const { notifications, error } of readers) {
      expect(error()).toBeUndefined();
      expect(notifications.length).toBeGreaterThanOrEqual(8);
    }
    await Promise.all(readers.map(async ({ end }) => await end()));
    expect(clock.pending).toBe(0);
  });

  it('ends watches with a timeout when no server answers, and keeps the others waiting', async () => {
    const { cluster, clock, watches } = idle();
    cluster.down = true;
    const withoutTimeout = read(watches, { key: Buffer.from('k'), after: 5n });
    const withTimeout = Array.from({ length: 3 }, () =>
      read(watches, { key: Buffer.from('k'), after: 5n, unavailableTimeoutMs: 5_000 }),
    );
    await clock.advance(4_900);
    expect(withTimeout.map(({ error }) => error())).toEqual([undefined, undefined, undefined]);
    await clock.advance(100);
    for (const { error, notifications } of withTimeout) {
      expect(error()).toBeInstanceOf(ClusterError);
      expect(error()?.message).toContain('ECONNREFUSED');
      expect(notifications).toEqual([]);
    }
    expect(withoutTimeout.error()).toBeUndefined();
    expect(watches.size).toBe(1);
    await withoutTimeout.end();
    expect(clock.pending).toBe(0);
  });

  it('treats a member that refuses every watch as unavailable', async () => {
    const { cluster, clock, watches } = idle();
    const { error, end } = read(watches, { key: Buffer.from('k'), after: 5n, unavailableTimeoutMs: 5_000 });
    for (let i = 0; i < 12; i += 1) {
      cluster.opened.at(-1)?.answer({ canceled: true, cancel_reason: 'etcdserver: no leader' });
      await clock.advance(500);
    }
    expect(error()).toBeInstanceOf(ClusterError);
    await end();
    expect(clock.pending).toBe(0);
  });

  it('does not count its own blocked event loop towards the timeout', async () => {
    const { cluster, clock, watches } = idle();
    const { error, end } = read(watches, { key: Buffer.from('k'), after: 5n, unavailableTimeoutMs: 5_000 });
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    await clock.jump(60_000);
    cluster.opened[0]!.answer({ watch_id: '-1' });
    await clock.advance(400);
    expect(error()).toBeUndefined();
    await end();
    expect(clock.pending).toBe(0);
  });

  it('spreads the signs of life of many watches over time', async () => {
    const { cluster, clock, watches } = idle();
    const readers: Read[] = [];
    for (let i = 1; i <= 60; i += 1) {
      readers.push(read(watches, { key: Buffer.from(`k${i}`), after: 5n }));
      await clock.advance(50);
      cluster.opened[0]!.answer({ created: true, watch_id: String(i) });
    }
    const delivered = (): number => readers.reduce((sum, { notifications }) => sum + notifications.length, 0);
    for (let beat = 0; beat < 24; beat += 1) {
      const before = delivered();
      cluster.opened[0]!.answer({ watch_id: '-1' });
      await clock.advance(500);
      expect(delivered() - before).toBeLessThanOrEqual(40);
    }
    expect(delivered()).toBeGreaterThanOrEqual(60 * 3);
    await Promise.all(readers.map(async ({ end }) => await end()));
  });

  it('moves to another endpoint when the server is silent, and resumes after the last event', async () => {
    const { cluster, clock, notifications, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    cluster.opened[0]!.answer({ events: [event(7)] as never });
    await clock.advance(1_999);
    expect(cluster.opened).toHaveLength(1);
    await clock.advance(1);
    expect(cluster.opened.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    // The last event is requested again, to verify the history.
    expect(cluster.opened[1]!.written).toMatchObject([{ create_request: { start_revision: '7' } }]);
    cluster.opened[1]!.answer({ created: true }, 9);
    cluster.opened[1]!.answer({ events: [event(7), event(8), event(9)] as never });
    await clock.advance(0);
    expect(
      notifications.flatMap((one) =>
        one.kind === 'events' ? one.events.map(({ kv }) => kv.mod_revision) : [],
      ),
    ).toEqual(['7', '8', '9']);
    await stop();
  });

  it('does not blame the server for its own blocked event loop', async () => {
    const { cluster, clock, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    await clock.jump(60_000);
    cluster.opened[0]!.answer({ watch_id: '-1' });
    await clock.advance(400);
    expect(cluster.opened).toHaveLength(1);
    await stop();
  });

  it('tries all endpoints at once, then backs off between rounds, without giving up', async () => {
    const { cluster, clock, watches, stop } = setUp(true);
    await clock.advance(0);
    expect(watches.failures.length).toBeGreaterThan(0);
    await clock.advance(600_000);
    expect(watches.failures).toHaveLength(3);
    cluster.down = false;
    await clock.advance(4_000);
    expect(cluster.opened.length).toBeGreaterThan(0);
    cluster.opened.at(-1)!.answer({ created: true });
    expect(watches.failures).toEqual([]);
    await stop();
  });

  it('postpones its retries while others try, and reconnects at their first answer', async () => {
    const { cluster, clock, stop } = setUp(true);
    await clock.advance(20_000);
    cluster.reconnect.attemptFailed({ retryInMs: 4_000 });
    await clock.advance(4_000);
    cluster.down = false;
    cluster.reconnect.attemptFailed({ retryInMs: 4_000 });
    await clock.advance(3_900);
    expect(cluster.opened).toHaveLength(0);
    cluster.reconnect.attemptSucceeded();
    await clock.advance(0);
    expect(cluster.opened).toHaveLength(1);
    await stop();
  });

  it('reports that history was compacted, and ends', async () => {
    const { cluster, clock, notifications, watches, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    cluster.opened[0]!.answer({ canceled: true, compact_revision: '9' });
    await clock.advance(0);
    expect(notifications.at(-1)).toEqual({ kind: 'compacted', revision: 9n });
    expect(watches.size).toBe(0);
    // etcd answers no progress request on the stream until the compacted watch is cancelled.
    expect(cluster.opened[0]!.written.at(-1)).toEqual({ cancel_request: { watch_id: '1' } });
    await stop();
  });

  it('reports that the store was replaced when its last event is missing from the history', async () => {
    const { cluster, clock, notifications, watches, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    cluster.opened[0]!.answer({ events: [event(7)] as never });
    await clock.advance(2_000);
    cluster.opened[1]!.answer({ created: true }, 500);
    cluster.opened[1]!.answer({ events: [event(7, 'other'), event(400)] as never }, 500);
    await clock.advance(0);
    expect(notifications.at(-1)).toMatchObject({ kind: 'replaced' });
    expect(watches.size).toBe(0);
    await stop();
  });

  it('continues unverified when only known events were compacted', async () => {
    const { cluster, clock, notifications, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ created: true });
    cluster.opened[0]!.answer({ events: [event(7)] as never });
    await clock.advance(2_000);
    const { written, answer } = cluster.opened[1]!;
    answer({ created: true }, 9);
    answer({ canceled: true, compact_revision: '8' });
    expect(written.at(-1)).toMatchObject({ create_request: { start_revision: '8', watch_id: 2 } });
    answer({ created: true, watch_id: '2' }, 9);
    answer({ events: [event(9)] as never, watch_id: '2' });
    await clock.advance(0);
    expect(notifications.filter(({ kind }) => kind !== 'alive').map(({ kind }) => kind)).toEqual([
      'events',
      'events',
    ]);
    await stop();
  });

  describe('resumed at a delete that the server omits', () => {
    async function resumed() {
      const all = setUp();
      const { cluster, clock } = all;
      await clock.advance(0);
      cluster.opened[0]!.answer({ created: true });
      cluster.opened[0]!.answer({ events: [{ ...event(7), type: 'Delete' }] as never });
      await clock.advance(2_000);
      return { ...all, ...cluster.opened[1]! };
    }
    const kinds = (notifications: readonly WatchNotification[]): string[] =>
      notifications.filter(({ kind }) => kind !== 'alive').map(({ kind }) => kind);
    const compacted = new EtcdResponseError(
      'a',
      'etcdserver: mvcc: required revision has been compacted',
      11,
    );

    it.each([
      ['a later event', [event(8)]],
      ['a sign of life', []],
    ])('continues, as %s shows it, where history was compacted with it', async (_, events) => {
      const { cluster, clock, notifications, written, answer, stop } = await resumed();
      cluster.outcome = async () => await Promise.reject(compacted);
      answer({ created: true }, 9);
      answer({ events: events as never }, 9);
      answer({ canceled: true }, 9);
      await clock.advance(0);
      expect(cluster.opened).toHaveLength(2);
      const create = written.at(-1)!.create_request!;
      expect(create.start_revision).toBe('8');
      const watch_id = String(create.watch_id);
      answer({ created: true, watch_id }, 9);
      answer({ events: [event(8)] as never, watch_id }, 9);
      await clock.advance(0);
      expect(kinds(notifications)).toEqual(['events', 'events']);
      await stop();
    });

    it('reports that the store was replaced when that revision is not compacted', async () => {
      const { cluster, clock, notifications, watches, answer, stop } = await resumed();
      cluster.outcome = async () => await Promise.resolve({});
      answer({ created: true }, 9);
      answer({ events: [event(8)] as never }, 9);
      await clock.advance(0);
      expect(kinds(notifications)).toEqual(['events', 'replaced']);
      expect(watches.size).toBe(0);
      await stop();
    });

    it('repeats the check on another stream when no server answers', async () => {
      const { cluster, clock, notifications, answer, stop } = await resumed();
      answer({ created: true }, 9);
      cluster.outcome = async () => await Promise.reject(new ClusterError([]));
      answer({ events: [event(8)] as never }, 9);
      await clock.advance(1);
      expect(cluster.opened).toHaveLength(3);
      expect(cluster.opened[2]!.written).toMatchObject([{ create_request: { start_revision: '7' } }]);
      expect(kinds(notifications)).toEqual(['events']);
      await stop();
    });
  });

  it('moves to another endpoint when the server has lost its leader', async () => {
    const { cluster, clock, stop } = setUp();
    await clock.advance(0);
    cluster.opened[0]!.answer({ canceled: true, cancel_reason: 'etcdserver: no leader' });
    await clock.advance(1);
    expect(cluster.opened.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    await stop();
  });
});
