import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { EtcdLeases } from '../../../lib/etcd-client/leases.js';
import { EtcdWatches } from '../../../lib/etcd-client/watches.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';
import { until } from '../../harness/wait.js';

const KEY = Buffer.from('/partition');

async function put(transport: EtcdTransport, value: string): Promise<void> {
  await transport.call({
    what: 'putting',
    run: async ({ kv }, options) => await kv.put({ key: KEY, value: Buffer.from(value) }, options),
  });
}

async function read(transport: EtcdTransport): Promise<string | undefined> {
  const { kvs } = await transport.call({
    what: 'reading',
    run: async ({ kv }, options) => await kv.range({ key: KEY }, options),
  });
  return kvs[0]?.value.toString();
}

/** Seconds: long enough for the members that answer, on a busy machine too. */
const TIMEOUT = 4;

/** A client that begins at `member`. */
async function pinnedTo(etcd: EtcdCluster, member: EtcdMember): Promise<EtcdTransport> {
  for (;;) {
    const transport = await EtcdTransport.create({ endpoints: etcd.urls, headerTimeoutPerRequest: TIMEOUT });
    if (transport.pinned === member.url) return transport;
    transport.close();
  }
}

describe('a member cut off from the others', () => {
  let etcd: EtcdCluster;

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3, partitions: true });
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('is left by requests, leases and watches alike, and serves nothing stale', async () => {
    const alone = await etcd.follower();
    const others = await EtcdTransport.create({
      endpoints: etcd.urls.filter((url) => url !== alone.url),
      headerTimeoutPerRequest: 20,
    });
    await put(others, 'before');
    const [reader, renewer, watcher] = await Promise.all([
      pinnedTo(etcd, alone),
      pinnedTo(etcd, alone),
      pinnedTo(etcd, alone),
    ]);
    const leases = new EtcdLeases(renewer);
    const watches = new EtcdWatches(watcher, watcher.deps);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const news of watches.watch({ key: KEY }, stop.signal)) {
        if (news.kind === 'events') seen.push(...news.events.map(({ kv }) => kv.value.toString()));
        else if (seen.length === 0) seen.push('began');
      }
    })();
    expect(await read(reader)).toBe('before');
    const lease = await leases.grant(60);
    await leases.renew(lease.id);
    await until('the watch to begin', () => seen.length === 1);

    etcd.isolate(alone);
    try {
      await put(others, 'after');
      const start = performance.now();
      expect(await read(reader)).toBe('after');
      expect(performance.now() - start).toBeLessThan(10 * reader.timeoutMs);
      expect(reader.pinned).not.toBe(alone.url);
      expect(await leases.renew(lease.id)).toBe(60);
      await until('the watch to hear', () => seen.includes('after'));
      expect(watcher.pinned).not.toBe(alone.url);
      expect(seen).toEqual(['began', 'after']);
    } finally {
      etcd.network.heal();
    }
    stop.abort();
    await watching;
    for (const transport of [reader, renewer, watcher, others]) transport.close();
  });
});

describe('a network that swallows everything', () => {
  it('is left within the timeout, and the dead connection with it', async () => {
    const etcd = await startEtcd();
    const proxy = await TcpProxy.to(etcd.members[0]!);
    const transport = await EtcdTransport.create({ endpoints: proxy.endpoint, headerTimeoutPerRequest: 2 });
    const watches = new EtcdWatches(transport, transport.deps);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const news of watches.watch({ key: KEY }, stop.signal)) {
        if (news.kind === 'events') seen.push(...news.events.map(({ kv }) => kv.value.toString()));
        else if (seen.length === 0) seen.push('began');
      }
    })();
    try {
      await put(transport, '1');
      await until('the watch to begin', () => seen.length > 0);
      proxy.swallow();
      await expect(read(transport)).rejects.toThrow(/did not answer in time|not answered within/);
      await etcd.put('/partition', '2');
      await until('the watch to have noticed', () => watches.failures.length > 0);
      proxy.pass();
      await until('a read', async () => (await read(transport).catch(() => undefined)) === '2');
      await until('the watch to hear', () => seen.includes('2'));
    } finally {
      stop.abort();
      await watching;
      transport.close();
      await proxy.stop();
      await etcd.stop();
    }
  });
});
