import { createServer, type AddressInfo } from 'node:net';
import { type EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { ClusterError, KeysError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { sleep, until } from '../../harness/wait.js';
import { Connections, failure, REFUSING, SHORT_TIMEOUT_MS } from './connections.js';

/** For members that do not answer. */
const IMPATIENT = { headerTimeoutPerRequest: SHORT_TIMEOUT_MS / 1_000 };

const connections = Connections.ofThisFile();

describe('TestV2NoRetryEOF', () => {
  it('does not send a create or a delete again whose answer was lost', async () => {
    const first = await connections.proxyTo(connections.etcd.members[0]!);
    const second = await connections.proxyTo(connections.etcd.members[1]!);
    const urls = [`http://${first.endpoint}`, `http://${second.endpoint}`];
    const client = await connections.connectPinned(urls[0]!, urls);
    await client.keys.set('/eof/gone', 'x');
    const { etcd } = connections;
    /** Each request, and whether the server has carried it out. */
    const requests = [
      {
        run: () => client.keys.create('/eof/made', 'x'),
        done: async () => (await etcd.get('/eof/made')) === 'x',
      },
      {
        run: () => client.keys.delete('/eof/gone'),
        done: async () => (await etcd.get('/eof/gone')) === undefined,
      },
    ];
    for (const { run, done } of requests) {
      client.setEndpoints(connections.etcd.urls[2]!);
      client.setEndpoints(urls);
      if (client.pinned !== urls[0]) await client.keys.get('/foo').catch(() => undefined);
      const current = client.pinned === urls[0] ? first : second;
      const other = current === first ? second : first;
      await client.keys.get('/foo');
      const before = other.counts.connections;
      current.stall('down');
      const failed = failure(run());
      await until('the request to be carried out', done);
      current.cut();
      const error = await failed;
      expect(error).toBeInstanceOf(ClusterError);
      expect((error as ClusterError).errors).toHaveLength(1);
      expect(other.counts.connections).toBe(before);
      current.pass();
    }
  });

  it('leaves a server that closes every connection', async () => {
    let accepted = 0;
    const server = createServer((socket) => {
      accepted += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = await connections.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const error = await failure(client.keys.create('/eof/hangup', 'x'));
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).errors).toHaveLength(1);
    expect(accepted).toBeGreaterThan(0);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('TestV2RetryRefuse', () => {
  it('sends a create and a delete elsewhere when the connection was refused', async () => {
    await connections.etcd.put('/refuse/delkey', 'def');
    const endpoints = [REFUSING, connections.etcd.urls[0]!];
    const first = await connections.connectPinned(REFUSING, endpoints);
    expect((await first.keys.set('/refuse/setkey', 'bar', { prevExist: false })).action).toBe('create');
    const second = await connections.connectPinned(REFUSING, endpoints);
    expect((await second.keys.delete('/refuse/delkey')).action).toBe('delete');
  });
});

describe('a pinned member that fails', () => {
  async function follower(): Promise<{ member: EtcdMember; client: EtcdClient }> {
    const member = await connections.etcd.follower();
    const client = await connections.connectPinned(member.url, connections.etcd.urls, IMPATIENT);
    await client.keys.get('/foo');
    return { member, client };
  }

  it('is left when it is killed', async () => {
    const { member, client } = await follower();
    await member.kill();
    expect((await client.keys.get('/foo')).node.value).toBe('bar');
    expect(client.pinned).not.toBe(member.url);
    await member.restart();
    await connections.etcd.whenHealthy();
  });

  it('is left when it is stopped, also by a plain set, which never comes late', async () => {
    const { member, client } = await follower();
    await client.keys.set('/stopped', '0');
    await member.pause();
    const start = performance.now();
    try {
      expect((await client.keys.set('/stopped', '1')).node.value).toBe('1');
      expect(performance.now() - start).toBeLessThan(10 * SHORT_TIMEOUT_MS);
      expect(client.pinned).not.toBe(member.url);
      await client.keys.set('/stopped', '2');
    } finally {
      member.resume();
    }
    await connections.etcd.whenHealthy();
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
      const writer = await connections.connect(connections.etcd.urls.filter((url) => url !== member.url));
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
      await connections.etcd.whenHealthy();
      const end = performance.now() + 2_000;
      while (performance.now() < end) {
        for (const name of names) expect(await failure(writer.keys.get(name))).toMatchObject({ code: 100 });
        await sleep(100);
      }
    },
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
    await connections.etcd.whenHealthy();
  });
});

describe('a watcher at a stopped member', () => {
  it('is served by another, and misses nothing', async () => {
    const member = await connections.etcd.follower();
    const client = await connections.connectPinned(member.url, connections.etcd.urls, IMPATIENT);
    const writer = await connections.connect(connections.etcd.urls.filter((url) => url !== member.url));
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
      expect(performance.now() - start).toBeLessThan(10 * SHORT_TIMEOUT_MS);
    } finally {
      member.resume();
    }
    await connections.etcd.whenHealthy();
  });
});

describe('a watcher across member kills', () => {
  it('has every event once and in order', async () => {
    const client = await connections.connect(undefined, IMPATIENT);
    const writer = await connections.connect(undefined, IMPATIENT);
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
      const member = round % 2 === 0 ? await connections.etcd.follower() : await connections.etcd.leader();
      await member.kill();
      await sleep(300);
      await member.restart();
      await connections.etcd.whenHealthy();
    }
    going.abort();
    await writes;
    await until('the last event', () => seen.at(-1)! >= written.at(-1)!);
    done.abort();
    await watching;
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(written.filter((at) => !seen.includes(at))).toEqual([]);
    expect(written.length).toBeGreaterThan(10);
  }, 240_000);
});

describe('TestV2NoRetryNoLeader', () => {
  it('says that there is no leader, and writes nothing', async () => {
    const [left, ...others] = connections.etcd.members as [EtcdMember, ...EtcdMember[]];
    const client = await connections.connect(left.url, IMPATIENT);
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
    await connections.etcd.whenHealthy();
    expect(await failure(client.keys.get('/noleader/setkey'))).toBeInstanceOf(KeysError);
    expect((await client.keys.get('/noleader/delkey')).node.value).toBe('x');
  });
});
