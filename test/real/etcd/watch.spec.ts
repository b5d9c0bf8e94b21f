import { jest } from '@jest/globals';
import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { EtcdResponseError } from '../../../lib/etcd-client/errors/index.js';
import { EtcdWatches } from '../../../lib/etcd-client/watches.js';
import { type EtcdWatchRequest } from '../../../lib/etcd-client/watch-request.js';
import { type WatchNotification } from '../../../lib/etcd-client/watch-notification.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { sleep, until } from '../../harness/wait.js';

const KILLS = Number(process.env.ETCD_KILLS ?? 20);

interface Seen {
  readonly revision: bigint;
  readonly key: string;
  readonly value: string;
}

/** A watch that records its events. */
class Log {
  readonly seen: Seen[] = [];
  readonly news: WatchNotification[] = [];
  private readonly stop = new AbortController();
  readonly done: Promise<unknown>;

  constructor(watches: EtcdWatches, request: EtcdWatchRequest) {
    this.done = this.run(watches, request).catch((error: unknown) => error);
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.done;
  }

  private async run(watches: EtcdWatches, request: EtcdWatchRequest): Promise<void> {
    for await (const news of watches.watch(request, this.stop.signal)) {
      this.news.push(news);
      if (news.kind !== 'events') continue;
      for (const { kv } of news.events) {
        this.seen.push({
          revision: BigInt(kv.mod_revision),
          key: kv.key.toString(),
          value: kv.value.toString(),
        });
      }
    }
  }
}

const prefix = (text: string): { key: Buffer; rangeEnd: Buffer } => {
  const rangeEnd = Buffer.from(text);
  rangeEnd[rangeEnd.length - 1]! += 1;
  return { key: Buffer.from(text), rangeEnd };
};

async function put(transport: EtcdTransport, key: string, value: string): Promise<bigint> {
  const { header } = await transport.call({
    what: 'putting',
    run: async ({ kv }, options) =>
      await kv.put({ key: Buffer.from(key), value: Buffer.from(value) }, options),
  });
  return BigInt(header.revision);
}

function strictlyIncreasing(revisions: readonly bigint[]): boolean {
  return revisions.every((revision, i) => i === 0 || revision > revisions[i - 1]!);
}

describe('etcd watches and a cluster of three', () => {
  let etcd: EtcdCluster;
  let transport: EtcdTransport;
  let watches: EtcdWatches;

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
  });
  afterAll(async () => {
    await etcd.stop();
  });
  beforeEach(async () => {
    await etcd.whenHealthy();
    transport = await EtcdTransport.create({ endpoints: etcd.urls });
    watches = new EtcdWatches(transport, transport.deps);
  });
  afterEach(() => {
    transport.close();
  });

  async function caughtUp(log: Log, revision: bigint): Promise<void> {
    await until('the watch to catch up', () => (log.seen.at(-1)?.revision ?? 0n) >= revision);
  }

  it(
    `delivers every revision once and in order across ${KILLS} kills`,
    async () => {
      const log = new Log(watches, prefix('/kills/'));
      await until('the watch to begin', () => log.news.length > 0);
      const written: bigint[] = [];
      const stop = new AbortController();
      const writing = (async () => {
        for (let i = 0; !stop.signal.aborted; i++) {
          const revision = await put(transport, `/kills/${i % 7}`, String(i)).catch(() => undefined);
          if (revision !== undefined) written.push(revision);
          await sleep(2);
        }
      })();
      for (let i = 0; i < KILLS; i++) {
        const streaming = etcd.members.find(({ url }) => url === transport.pinned)!;
        await streaming.kill();
        await sleep(200);
        await streaming.restart();
      }
      stop.abort();
      await writing;
      const last = await until('a last put', () => put(transport, '/kills/last', 'x'));
      await caughtUp(log, last);
      const seen = log.seen.map(({ revision }) => revision);
      expect(strictlyIncreasing(seen)).toBe(true);
      expect(written.filter((revision) => !seen.includes(revision))).toEqual([]);
      // The store's own history: nothing of it is missing, and nothing was made up.
      const first = seen[0]!;
      const history = new Log(watches, { ...prefix('/kills/'), after: first - 1n });
      await caughtUp(history, last);
      expect(log.seen).toEqual(history.seen);
      await log.end();
      await history.end();
    },
    120_000 + KILLS * 10_000,
  );

  it('leaves a stopped member, and misses nothing', async () => {
    const log = new Log(watches, prefix('/stopped/'));
    await until('the watch to begin', () => log.news.length > 0);
    const member = etcd.members.find(({ url }) => url === transport.pinned)!;
    await member.pause();
    try {
      // A put that took too long would be sent again.
      const endpoints = etcd.urls.filter((url) => url !== member.url);
      const writer = await EtcdTransport.create({ endpoints, headerTimeoutPerRequest: 20 });
      let last = 0n;
      for (let i = 0; i < 20; i++) last = await put(writer, '/stopped/a', String(i));
      writer.close();
      await caughtUp(log, last);
      expect(log.seen.map(({ value }) => Number(value))).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(transport.pinned).not.toBe(member.url);
    } finally {
      member.resume();
    }
    await log.end();
  });

  it('serves a thousand watches by one stream, and leaves none on the server', async () => {
    const logs = Array.from(
      { length: 1_000 },
      (_, i) => new Log(watches, { key: Buffer.from(`/many/${i}`) }),
    );
    await until('all to begin', () => logs.every(({ news }) => news.length > 0));
    await put(transport, '/many/500', 'here');
    await until('the one to hear', () => logs[500]!.seen.length === 1);
    expect(logs.reduce((sum, { seen }) => sum + seen.length, 0)).toBe(1);
    const metrics = async (): Promise<number> => {
      const counts = await Promise.all(etcd.members.map(async (member) => await member.watchers()));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    // A member that was paused may still close the watches of an earlier test.
    await until('the server to have a thousand', async () => (await metrics()) === 1_000);
    await Promise.all(logs.map(async (log) => await log.end()));
    expect(watches.size).toBe(0);
    await until('the server to have none', async () => (await metrics()) === 0);
  });

  it('delivers a revision whose answer is cut into pieces whole', async () => {
    const log = new Log(watches, prefix('/big/'));
    await until('the watch to begin', () => log.news.length > 0);
    // A put that took too long would be sent again.
    const writer = await EtcdTransport.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
    const value = Buffer.alloc(100_000, 'v');
    const { header } = await writer.call({
      what: 'putting much',
      run: async ({ kv }, options) =>
        await kv.txn(
          {
            success: Array.from({ length: 14 }, (_, i) => ({
              request_put: { key: Buffer.from(`/big/${i}`), value },
            })),
          },
          options,
        ),
    });
    for (let round = 0; round < 4; round++) await put(writer, '/big/more', String(round));
    writer.close();
    const again = new Log(watches, { ...prefix('/big/'), after: BigInt(header.revision) - 1n });
    await until('both to receive it', () => log.seen.length === 18 && again.seen.length === 18);
    expect(again.seen).toEqual(log.seen);
    expect(new Set(log.seen.slice(0, 14).map(({ revision }) => revision)).size).toBe(1);
    await log.end();
    await again.end();
  });

  it('says that history was compacted', async () => {
    const first = await put(transport, '/compacted/a', '1');
    await put(transport, '/compacted/a', '2');
    const now = await put(transport, '/compacted/a', '3');
    await etcd.compact(Number(now));
    const log = new Log(watches, { ...prefix('/compacted/'), after: first - 1n });
    expect(await log.done).toBeUndefined();
    expect(log.news.at(-1)).toEqual({ kind: 'compacted', revision: now });
    expect(log.seen).toEqual([]);
  });

  it('serves the other watches on the same stream after one was compacted', async () => {
    const open = jest.spyOn(transport, 'openStream');
    const shared = new EtcdWatches(transport, transport.deps);
    const other = new Log(shared, prefix('/beside/'));
    await until('the other watch', () => other.news.length > 0);
    const first = await put(transport, '/compacted/b', '1');
    await etcd.compact(Number(await put(transport, '/compacted/b', '2')));
    const compacted = new Log(shared, { ...prefix('/compacted/'), after: first - 1n });
    await compacted.done;
    const before = other.news.length;
    await until('a sign of life', () => other.news.length > before);
    expect(open).toHaveBeenCalledTimes(1);
    open.mockRestore();
    await other.end();
  });

  it('says that the store is another, or went back', async () => {
    const other = new Log(watches, { ...prefix('/x/'), after: 1n, clusterId: '12345' });
    expect(await other.done).toBeUndefined();
    expect(other.news).toMatchObject([
      { kind: 'replaced', reason: expect.stringContaining('12345') as unknown },
    ]);
    const ahead = new Log(watches, { ...prefix('/x/'), after: 1_000_000_000n });
    expect(await ahead.done).toBeUndefined();
    expect(ahead.news.at(-1)).toMatchObject({
      kind: 'replaced',
      reason: expect.stringContaining('went back') as unknown,
    });
  });

  it('waits for a cluster that is down, and begins when it is up', async () => {
    await Promise.all(etcd.members.map(async (member) => await member.kill()));
    const log = new Log(watches, prefix('/late/'));
    await until('every endpoint to have failed', () => watches.failures.length === 3);
    expect(log.news).toEqual([]);
    await Promise.all(etcd.members.map(async (member) => await member.restart()));
    await until('the watch to begin', () => log.news.length > 0);
    expect(watches.failures).toEqual([]);
    await put(transport, '/late/a', '1');
    await until('the event', () => log.seen.length === 1);
    await log.end();
  });

  it('ends with the client', async () => {
    const log = new Log(watches, prefix('/closed/'));
    await until('the watch to begin', () => log.news.length > 0);
    transport.close();
    expect(await log.done).toMatchObject({ code: 'SIDEKICK_CLOSED' });
  });
});

describe('etcd watches and users', () => {
  let etcd: EtcdCluster;

  beforeAll(async () => {
    etcd = await startEtcd({ tokenTtl: 2 });
    await etcd.enableAuth('root secret');
    await etcd.addUser('app', 'app secret', '/app/', 'readwrite');
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('refuses what is not permitted, and leaves the others alone', async () => {
    const transport = await EtcdTransport.create({
      endpoints: etcd.urls,
      headerTimeoutPerRequest: 20,
      username: 'app',
      password: 'app secret',
    });
    const watches = new EtcdWatches(transport, transport.deps);
    const mine = new Log(watches, prefix('/app/'));
    await until('mine to begin', () => mine.news.length > 0);
    const foreign = new Log(watches, prefix('/other/'));
    const error = await foreign.done;
    expect(error).toBeInstanceOf(EtcdResponseError);
    expect((error as EtcdResponseError).permissionDenied).toBe(true);
    await put(transport, '/app/a', '1');
    await until('mine to hear', () => mine.seen.length === 1);
    await mine.end();
    transport.close();
  });

  it('outlives its token: on the old stream, and on a new one', async () => {
    const transport = await EtcdTransport.create({
      endpoints: etcd.urls,
      headerTimeoutPerRequest: 20,
      username: 'app',
      password: 'app secret',
    });
    const watches = new EtcdWatches(transport, transport.deps);
    const early = new Log(watches, prefix('/app/'));
    await until('it to begin', () => early.news.length > 0);
    await sleep(3_500);
    const late = new Log(watches, prefix('/app/'));
    await until('the late one to begin', () => late.news.length > 0);
    await put(transport, '/app/b', '2');
    await until('both to hear', () => early.seen.length === 1 && late.seen.length === 1);
    await sleep(3_500);
    const [member] = etcd.members;
    await member!.kill();
    await member!.restart();
    await until('a put', async () => (await put(transport, '/app/b', '3').catch(() => 0n)) > 0n);
    await until('both to hear', () => early.seen.length >= 2 && late.seen.length >= 2);
    await early.end();
    await late.end();
    transport.close();
  });
});
