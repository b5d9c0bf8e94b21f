import { createServer, type AddressInfo } from 'node:net';
import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { ClusterError, KeysError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';
import { sleep, until } from '../../harness/wait.js';

const TIMEOUT_MS = 1_000;
const REFUSING = 'http://127.0.0.1:1';

let etcd: EtcdCluster;
const clients: EtcdClient[] = [];
const proxies: TcpProxy[] = [];

async function connect(
  endpoints: string | readonly string[] = etcd.urls,
  more: { selectionMode?: 'random' | 'prioritize-leader'; headerTimeoutPerRequest?: number } = {},
): Promise<EtcdClient> {
  const client = await EtcdClient.create({ endpoints, headerTimeoutPerRequest: TIMEOUT_MS / 1_000, ...more });
  clients.push(client);
  return client;
}

/** A proxy that is stopped after the test. */
async function proxyTo(member: EtcdMember): Promise<TcpProxy> {
  const proxy = await TcpProxy.to(member);
  proxies.push(proxy);
  return proxy;
}

/** A client whose first request goes to `endpoint`. */
async function connectPinned(
  endpoint: string,
  endpoints: readonly string[] = etcd.urls,
): Promise<EtcdClient> {
  for (;;) {
    const client = await connect(endpoints);
    if (client.pinned === endpoint) return client;
  }
}

async function failure(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => undefined,
    (error: unknown) => error,
  );
}

beforeAll(async () => {
  etcd = await startEtcd({ size: 3 });
  await etcd.put('/foo', 'bar');
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.close()));
  await Promise.all(proxies.splice(0).map(async (proxy) => proxy.stop()));
});

afterAll(async () => {
  await etcd.stop();
});

describe('TestV2NoRetryEOF', () => {
  it('does not send a create or a delete again whose answer was lost', async () => {
    const first = await proxyTo(etcd.members[0]!);
    const second = await proxyTo(etcd.members[1]!);
    const urls = [`http://${first.endpoint}`, `http://${second.endpoint}`];
    const client = await connectPinned(urls[0]!, urls);
    await client.keys.set('/eof/gone', 'x');
    for (const run of [() => client.keys.create('/eof/made', 'x'), () => client.keys.delete('/eof/gone')]) {
      client.setEndpoints(etcd.urls[2]!);
      client.setEndpoints(urls);
      if (client.pinned !== urls[0]) await client.keys.get('/foo').catch(() => undefined);
      const current = client.pinned === urls[0] ? first : second;
      const other = current === first ? second : first;
      await client.keys.get('/foo');
      const before = other.counts.connections;
      current.stall('down');
      const failed = failure(run());
      await sleep(200);
      current.cut();
      const error = await failed;
      expect(error).toBeInstanceOf(ClusterError);
      expect((error as ClusterError).errors).toHaveLength(1);
      expect(other.counts.connections).toBe(before);
      current.pass();
    }
    expect(await etcd.get('/eof/made')).toBe('x');
    expect(await etcd.get('/eof/gone')).toBeUndefined();
  });

  it('leaves a server that closes every connection', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = await connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const error = await failure(client.keys.create('/eof/hangup', 'x'));
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).errors).toHaveLength(1);
    expect(connections).toBeGreaterThan(0);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('TestV2RetryRefuse', () => {
  it('sends a create and a delete elsewhere when the connection was refused', async () => {
    await etcd.put('/refuse/delkey', 'def');
    const endpoints = [REFUSING, etcd.urls[0]!];
    const first = await connectPinned(REFUSING, endpoints);
    expect((await first.keys.set('/refuse/setkey', 'bar', { prevExist: false })).action).toBe('create');
    const second = await connectPinned(REFUSING, endpoints);
    expect((await second.keys.delete('/refuse/delkey')).action).toBe('delete');
  });
});

describe('a pinned member that fails', () => {
  async function follower(): Promise<{ member: EtcdMember; client: EtcdClient }> {
    const member = await etcd.follower();
    const client = await connectPinned(member.url);
    await client.keys.get('/foo');
    return { member, client };
  }

  it('is left when it is killed', async () => {
    const { member, client } = await follower();
    await member.kill();
    expect((await client.keys.get('/foo')).node.value).toBe('bar');
    expect(client.pinned).not.toBe(member.url);
    await member.restart();
    await etcd.whenHealthy();
  });

  it('is left when it is stopped, also by a plain set, which never comes late', async () => {
    const { member, client } = await follower();
    await client.keys.set('/stopped', '0');
    await member.pause();
    const start = performance.now();
    try {
      expect((await client.keys.set('/stopped', '1')).node.value).toBe('1');
      expect(performance.now() - start).toBeLessThan(TIMEOUT_MS + 1_500);
      expect(client.pinned).not.toBe(member.url);
      await client.keys.set('/stopped', '2');
    } finally {
      member.resume();
    }
    await etcd.whenHealthy();
    const end = performance.now() + 2_000;
    while (performance.now() < end) {
      expect((await client.keys.get('/stopped')).node.value).toBe('2');
      await sleep(100);
    }
  });

  it.each(['that was there', 'that it created'])(
    'does not bring a key back %s and was deleted, when it is resumed',
    async (how) => {
      const { member, client } = await follower();
      const writer = await connect(etcd.urls.filter((url) => url !== member.url));
      const names = Array.from({ length: 10 }, (_, i) => `/deleted-${how.length}/${i}`);
      if (how === 'that was there') for (const name of names) await writer.keys.set(name, '0');
      await client.keys.get('/foo');
      await member.pause();
      try {
        await Promise.all(names.map(async (name) => await client.keys.set(name, '1').catch(() => undefined)));
        for (const name of names) await writer.keys.delete(name).catch(() => undefined);
      } finally {
        member.resume();
      }
      await etcd.whenHealthy();
      const end = performance.now() + 2_000;
      while (performance.now() < end) {
        for (const name of names) expect(await failure(writer.keys.get(name))).toMatchObject({ code: 100 });
        await sleep(100);
      }
    },
    20_000,
  );

  it('fails a compare-and-swap whose answer is lost, once', async () => {
    const { member, client } = await follower();
    const { index } = await client.keys.set('/swap', '0');
    await member.pause();
    try {
      const error = await failure(client.keys.set('/swap', '1', { prevIndex: index }));
      expect(error).toBeInstanceOf(ClusterError);
      expect((error as ClusterError).errors).toHaveLength(1);
      expect(client.pinned).not.toBe(member.url);
    } finally {
      member.resume();
    }
    await etcd.whenHealthy();
  });
});

describe('a watcher at a stopped member', () => {
  it('is served by another, and misses nothing', async () => {
    const member = await etcd.follower();
    const client = await connectPinned(member.url);
    const writer = await connect(etcd.urls.filter((url) => url !== member.url));
    const { index } = await writer.keys.set('/watched', '0');
    const watcher = client.keys.watcher('/watched', { afterIndex: index });
    await writer.keys.set('/watched', '1');
    expect((await watcher.next()).node.value).toBe('1');
    await member.pause();
    try {
      await writer.keys.set('/watched', '2');
      await writer.keys.set('/watched', '3');
      const start = performance.now();
      expect((await watcher.next()).node.value).toBe('2');
      expect((await watcher.next()).node.value).toBe('3');
      expect(performance.now() - start).toBeLessThan(5_000);
    } finally {
      member.resume();
    }
    await etcd.whenHealthy();
  }, 20_000);
});

describe('a watcher across member kills', () => {
  it('has every event once and in order', async () => {
    const client = await connect();
    const writer = await connect();
    const { index } = await writer.keys.set('/kills/start', '0');
    const written: number[] = [];
    const seen: number[] = [];
    const done = new AbortController();
    const watching = (async () => {
      const watcher = client.keys.watcher('/kills', { recursive: true, afterIndex: index });
      for await (const { node } of watcher.events(done.signal)) seen.push(node.modifiedIndex);
    })().catch((error: unknown) => {
      if (!done.signal.aborted) throw error;
    });
    const going = new AbortController();
    const writes = (async () => {
      for (let value = 0; !going.signal.aborted; value += 1) {
        const answer = await writer.keys.set(`/kills/${value % 7}`, String(value)).catch(() => undefined);
        if (answer) written.push(answer.index);
        await sleep(5);
      }
    })();
    for (let round = 0; round < 20; round += 1) {
      const member = round % 2 === 0 ? await etcd.follower() : await etcd.leader();
      await member.kill();
      await sleep(300);
      await member.restart();
      await etcd.whenHealthy();
    }
    going.abort();
    await writes;
    await until('the last event', () => seen.at(-1)! >= written.at(-1)!, { deadline: 20_000 });
    done.abort();
    await watching;
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(written.filter((at) => !seen.includes(at))).toEqual([]);
    expect(written.length).toBeGreaterThan(50);
  }, 240_000);
});

describe('TestV2NoRetryNoLeader', () => {
  it('says that there is no leader, and writes nothing', async () => {
    const [left, ...others] = etcd.members as [EtcdMember, ...EtcdMember[]];
    const client = await connect(left.url);
    await client.keys.set('/noleader/delkey', 'x');
    await Promise.all(others.map(async (member) => member.kill()));
    await until('the member to notice', async () =>
      String(await failure(client.keys.get('/foo'))).includes('no leader'),
    );
    for (const run of [client.keys.create('/noleader/setkey', 'x'), client.keys.delete('/noleader/delkey')]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(ClusterError);
      expect(String(error)).toContain('no leader');
    }
    expect((await client.keys.get('/foo', { quorum: false })).node.value).toBe('bar');
    await Promise.all(others.map(async (member) => member.restart()));
    await etcd.whenHealthy();
    expect(await failure(client.keys.get('/noleader/setkey'))).toBeInstanceOf(KeysError);
    expect((await client.keys.get('/noleader/delkey')).node.value).toBe('x');
  }, 60_000);
});
