import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { ClusterError } from '../../../lib/etcd-client/errors/index.js';
import { sleep, until } from '../../harness/wait.js';
import { Connections, failure, REFUSING } from './connections.js';

const connections = Connections.ofThisFile();

describe('TestSimpleHTTPClientDoSuccess, TestSimpleHTTPClientDoError', () => {
  it('gives the answer, or the reason there is none', async () => {
    expect((await (await connections.connect()).keys.get('/foo')).node.value).toBe('bar');
    const error = await failure((await connections.connect(REFUSING)).keys.get('/foo'));
    expect(error).toBeInstanceOf(ClusterError);
    expect(String(error)).toContain('ECONNREFUSED');
  });
});

describe('TestSimpleHTTPClientDoCancelContext and its three variants', () => {
  it('ends the request on the wire and keeps nothing', async () => {
    const proxy = await connections.proxyTo(connections.etcd.members[0]!);
    const client = await connections.connect(`http://${proxy.endpoint}`, { headerTimeoutPerRequest: 60 });
    await client.keys.get('/foo');
    proxy.stall('down');
    const given = new AbortController();
    const reason = new Error('changed my mind');
    const waiting = failure(client.keys.get('/foo', { signal: given.signal }));
    await sleep(50);
    given.abort(reason);
    expect(await waiting).toBe(reason);
    proxy.pass();
    expect((await client.keys.get('/foo')).node.value).toBe('bar');
    await client.close();
    await until('the connection to close', () => proxy.openConnections === 0);
  });
});

describe('TestSimpleHTTPClientDoHeaderTimeout', () => {
  it('leaves a server that does not answer', async () => {
    const proxy = await connections.proxyTo(connections.etcd.members[0]!);
    proxy.swallow();
    const client = await connections.connect(`http://${proxy.endpoint}`, { headerTimeoutPerRequest: 0.3 });
    const error = await failure(client.keys.get('/foo'));
    expect(error).toBeInstanceOf(ClusterError);
    expect(String(error)).toMatch(/did not answer in time|was not answered within/);
  });
});

describe('TestHTTPClusterClientDo', () => {
  it('stays with the first good answer', async () => {
    const client = await connections.connect();
    const { pinned } = client;
    for (let i = 0; i < 5; i += 1) await client.keys.get('/foo');
    expect(client.pinned).toBe(pinned);
  });

  it('falls through to a good endpoint, and pins it', async () => {
    const good = connections.etcd.urls[0]!;
    const client = await connections.connectPinned(REFUSING, [REFUSING, good]);
    expect((await client.keys.get('/foo')).node.value).toBe('bar');
    expect(client.pinned).toBe(good);
  });

  it('reports every error when all fail', async () => {
    const endpoints = [REFUSING, 'http://127.0.0.1:2'];
    const error = await failure((await connections.connect(endpoints)).keys.get('/foo'));
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).errors.map(({ endpoint }) => endpoint).toSorted()).toEqual(endpoints);
    expect((error as ClusterError).detail()).toMatch(/^error #0: .*\nerror #1: .*\n$/s);
  });

  it('needs an endpoint', async () => {
    await expect(EtcdClient.create({ endpoints: [] })).rejects.toThrow(/endpoint/);
  });
});

describe('TestHTTPClusterClientDoDeadlineExceedContext, TestHTTPClusterClientDoCanceledContext', () => {
  it("is the caller's own reason, whatever else went wrong", async () => {
    const client = await connections.connect([REFUSING, 'http://127.0.0.1:2']);
    const reason = new Error('fake context canceled');
    for (const signal of [AbortSignal.abort(reason)]) {
      expect(await failure(client.keys.get('/foo', { signal }))).toBe(reason);
      expect(await failure(client.keys.set('/foo', 'x', { signal, ttl: 5 }))).toBe(reason);
      expect(await failure(client.keys.createInOrder('/foo', 'x', { signal }))).toBe(reason);
      expect(await failure(client.keys.delete('/foo', { signal }))).toBe(reason);
      expect(await failure(client.members.list({ signal }))).toBe(reason);
      expect(await failure(client.auth.users.list({ signal }))).toBe(reason);
      expect(await failure(client.sync({ signal }))).toBe(reason);
    }
    const proxy = await connections.proxyTo(connections.etcd.members[0]!);
    proxy.swallow();
    const silent = await connections.connect(`http://${proxy.endpoint}`);
    const error = await failure(silent.keys.get('/foo', { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('TestRedirectedHTTPAction, TestRedirectFollowingHTTPClient, TestDefaultCheckRedirect', () => {
  it('have nothing left to do: a follower serves a write itself', async () => {
    const follower = await connections.etcd.follower();
    const client = await connections.connect(follower.url);
    expect((await client.keys.set('/redirect', 'x')).node.value).toBe('x');
    expect(client.pinned).toBe(follower.url);
  });
});

describe('TestHTTPClusterClientSync, SyncPinEndpoint, SyncUnpinEndpoint', () => {
  it('takes the endpoints of the members, and keeps the pin when they are the same', async () => {
    const client = await connections.connect(connections.etcd.urls[0]);
    await client.sync();
    expect([...client.endpoints].sort()).toEqual([...connections.etcd.urls].sort());
    const { pinned } = client;
    for (let i = 0; i < 3; i += 1) await client.sync();
    expect(client.pinned).toBe(pinned);
    client.setEndpoints([...client.endpoints].toReversed());
    expect(client.pinned).toBe(pinned);
  });

  it('gives a copy of the endpoints', async () => {
    const client = await connections.connect();
    (client.endpoints as string[]).length = 0;
    expect(client.endpoints).toHaveLength(3);
  });
});

describe('TestHTTPClusterClientSyncFail, TestHTTPClusterClientResetFail', () => {
  it('keeps the endpoints', async () => {
    const client = await connections.connect(REFUSING);
    expect(await failure(client.sync())).toBeInstanceOf(ClusterError);
    for (const wrong of [[], '', 'ftp://x', ['http://']])
      expect(() => client.setEndpoints(wrong)).toThrow(/endpoint/i);
    expect(client.endpoints).toEqual([REFUSING]);
  });
});

describe('TestHTTPClusterClientAutoSyncCancelContext, AutoSyncFail', () => {
  it('syncs at once, and ends with the abort or the first error', async () => {
    const client = await connections.connect(connections.etcd.urls[0]);
    const given = new AbortController();
    const ended = failure(client.autoSync(0.05, { signal: given.signal }));
    await until('a first sync', () => client.endpoints.length === 3);
    const reason = new Error('enough');
    given.abort(reason);
    expect(await ended).toBe(reason);
    expect(await failure((await connections.connect(REFUSING)).autoSync(0.05))).toBeInstanceOf(ClusterError);
    for (const wrong of [0, 10_000])
      expect(await failure(client.autoSync(wrong))).toMatchObject({
        code: 'SIDEKICK_INVALID_OPTION',
        message: expect.stringContaining('a number of seconds, greater than 0 and at most 3600') as string,
      });
  });
});

describe('TestHTTPClusterClientGetVersion', () => {
  it('returns the versions', async () => {
    expect(await (await connections.connect()).version()).toEqual({
      etcdserver: expect.stringMatching(/^3\.\d+\.\d+$/) as string,
      etcdcluster: expect.stringMatching(/^3\.\d+\.0$/) as string,
    });
  });
});

describe('TestHTTPClusterClientSyncPinLeaderEndpoint', () => {
  it('pins the leader', async () => {
    const client = await connections.connect(connections.etcd.urls, { selectionMode: 'prioritize-leader' });
    await client.sync();
    expect(client.pinned).toBe((await connections.etcd.leader()).url);
  });
});

describe('TestHTTPClusterClientResetPinRandom', () => {
  it('pins a random one', async () => {
    const pins = new Set<string>();
    for (let i = 0; i < 60 && pins.size < 3; i += 1) pins.add((await connections.connect()).pinned);
    expect(pins.size).toBe(3);
  });
});

describe('close', () => {
  it('does not wait for a cluster that is silent, and leaves no timer', async () => {
    const proxy = await connections.proxyTo(connections.etcd.members[0]!);
    const client = await connections.connect(`http://${proxy.endpoint}`);
    await client.keys.set('/close', '1', { ttl: 60 });
    await client.keys.set('/close', '2', { ttl: 60 });
    proxy.swallow();
    const start = performance.now();
    await client.close();
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(await failure(client.keys.get('/close'))).toMatchObject({ code: 'SIDEKICK_CLOSED' });
    await client.close();
  });
});

describe('debug', () => {
  it('says each request as etcdctl would make it, without secrets', async () => {
    const lines: string[] = [];
    const logger = { log: (line: string) => lines.push(line), warn: () => 0, error: () => 0 };
    const client = await EtcdClient.create(
      {
        endpoints: connections.etcd.urls[0]!,
        username: 'root',
        password: 'canary',
        headerTimeoutPerRequest: 20,
      },
      { logger: logger },
    );
    connections.clients.push(client);
    await client.keys.get('/foo');
    expect(lines).toEqual([]);
    client.debug = true;
    await client.keys.get('/foo');
    await client.keys.set('/foo', "it's");
    client.debug = false;
    await client.keys.set('/foo', 'bar');
    const [get, set] = lines;
    expect(get).toBe(`etcdctl --endpoints=${connections.etcd.urls[0]!} --user=root:*** get /foo`);
    expect(set).toContain(' txn <<< ');
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).not.toContain('canary');
  });
});
