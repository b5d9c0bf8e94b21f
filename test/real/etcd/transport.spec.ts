import { once } from 'node:events';
import { createServer } from 'node:http2';
import { type AddressInfo } from 'node:net';
import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { ClusterError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdCaller } from '../../../lib/etcd-client/request.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';
import { sleep, until } from '../../harness/wait.js';

/** Of a client whose member does not answer: long enough for the members that do, on a busy machine too. */
const SHORT_TIMEOUT_MS = 2_000;

/** Of all other clients: no answer is that late. */
const TIMEOUT_MS = 20_000;

async function read(caller: EtcdCaller, key: string, signal?: AbortSignal): Promise<string | undefined> {
  const { kvs } = await caller.call(
    {
      what: `reading "${key}"`,
      run: async ({ kv }, options) => await kv.range({ key: Buffer.from(key) }, options),
    },
    signal,
  );
  return kvs[0]?.value.toString();
}

async function create(caller: EtcdCaller, key: string, value: string): Promise<boolean> {
  const { succeeded } = await caller.call({
    what: `creating "${key}"`,
    oneShot: true,
    run: async ({ kv }, options) =>
      await kv.txn(
        {
          compare: [{ key: Buffer.from(key), target: 'Mod', result: 'Equal', mod_revision: '0' }],
          success: [{ request_put: { key: Buffer.from(key), value: Buffer.from(value) } }],
        },
        options,
      ),
  });
  return succeeded;
}

describe('an etcd transport and a cluster of three', () => {
  let etcd: EtcdCluster;
  let transport: EtcdTransport;

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
    await etcd.put('/greeting', 'hello');
  });
  afterAll(async () => {
    await etcd.stop();
  });
  beforeEach(async () => {
    transport = await EtcdTransport.create({
      endpoints: etcd.urls,
      headerTimeoutPerRequest: TIMEOUT_MS / 1_000,
    });
  });
  afterEach(() => {
    transport.close();
  });

  function pinnedMember(): EtcdMember {
    return etcd.members.find(({ url }) => url === transport.pinned)!;
  }

  async function pinTo(member: EtcdMember): Promise<void> {
    do {
      transport.close();
      transport = await EtcdTransport.create({
        endpoints: etcd.urls,
        headerTimeoutPerRequest: SHORT_TIMEOUT_MS / 1_000,
      });
    } while (transport.pinned !== member.url);
  }

  it('reads, and stays where it is', async () => {
    const pinned = transport.pinned;
    for (let i = 0; i < 10; i++) expect(await read(transport, '/greeting')).toBe('hello');
    expect(transport.pinned).toBe(pinned);
  });

  it('returns the versions', async () => {
    expect(await transport.version()).toEqual({ etcdserver: '3.5.16', etcdcluster: '3.5.0' });
  });

  it('learns the endpoints from one of them, and keeps the pin when they are the same', async () => {
    const one = await EtcdTransport.create({ endpoints: etcd.endpoints[0]! });
    await one.sync();
    expect([...one.endpoints].sort()).toEqual([...etcd.urls].sort());
    const { pinned } = one;
    await one.sync();
    expect(one.pinned).toBe(pinned);
    one.close();
  });

  it('pins the leader in leader mode', async () => {
    const selective = await EtcdTransport.create({
      endpoints: etcd.urls,
      selectionMode: 'prioritize-leader',
    });
    await selective.sync();
    expect(selective.pinned).toBe((await etcd.leader()).url);
    selective.close();
  });

  it('leaves a killed member at once', async () => {
    const follower = await etcd.follower();
    await pinTo(follower);
    await read(transport, '/greeting');
    await follower.kill();
    expect(await read(transport, '/greeting')).toBe('hello');
    expect(transport.pinned).not.toBe(follower.url);
    await follower.restart();
  });

  it('leaves a stopped member within the timeout', async () => {
    const follower = await etcd.follower();
    await pinTo(follower);
    await read(transport, '/greeting');
    await follower.pause();
    try {
      const start = performance.now();
      expect(await read(transport, '/greeting')).toBe('hello');
      expect(performance.now() - start).toBeLessThan(10 * SHORT_TIMEOUT_MS);
      expect(transport.pinned).not.toBe(follower.url);
    } finally {
      follower.resume();
    }
    await etcd.whenHealthy();
  });

  it('keeps its connection where a single answer is late', async () => {
    const proxy = await TcpProxy.to(etcd.members[0]!);
    const one = await EtcdTransport.create({ endpoints: proxy.endpoint, headerTimeoutPerRequest: 3 });
    try {
      expect(await read(one, '/greeting')).toBe('hello');
      proxy.stall('down');
      const impatient = one.call({
        what: 'reading',
        timeoutMs: 300,
        run: async ({ kv }, options) => await kv.range({ key: Buffer.from('/greeting') }, options),
      });
      await expect(impatient).rejects.toThrow(ClusterError);
      proxy.pass();
      expect(await read(one, '/greeting')).toBe('hello');
      expect(proxy.counts.connections).toBe(1);
    } finally {
      one.close();
      await proxy.stop();
    }
  });

  it('leaves a connection on which nothing is heard', async () => {
    const proxy = await TcpProxy.to(etcd.members[0]!);
    const one = await EtcdTransport.create({ endpoints: proxy.endpoint, headerTimeoutPerRequest: 2 });
    try {
      expect(await read(one, '/greeting')).toBe('hello');
      proxy.swallow();
      for (let tries = 1; tries <= 3; tries += 1) {
        await expect(read(one, '/greeting')).rejects.toThrow(ClusterError);
        expect(proxy.counts.connections).toBe(tries);
      }
    } finally {
      one.close();
      await proxy.stop();
    }
  });

  it('serves every read that falls into an election', async () => {
    const leader = await etcd.leader();
    await transport.version();
    const reads: Promise<string | undefined>[] = [];
    await leader.pause();
    try {
      // An election begins after one to two seconds; each read meets another moment of it.
      for (let i = 0; i < 30; i += 1) {
        // Longer than a second election after a split vote.
        const other = await EtcdTransport.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 5 });
        reads.push(read(other, '/greeting').finally(() => other.close()));
        await sleep(75);
      }
      expect(await Promise.all(reads)).toEqual(reads.map(() => 'hello'));
    } finally {
      leader.resume();
    }
    await etcd.whenHealthy();
  });

  it('leaves an endpoint at which a proxy answers by itself', async () => {
    let status = 404;
    const proxy = createServer((request, response) => {
      request.resume();
      response.writeHead(status).end('<html>');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const ingress = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      for (status of [404, 401, 403, 502]) {
        const alone = await EtcdTransport.create({ endpoints: ingress });
        const error: unknown = await read(alone, '/greeting').catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ClusterError);
        expect(String(error)).toContain(`HTTP status ${status}`);
        alone.setEndpoints([ingress, ...etcd.urls]);
        expect(await read(alone, '/greeting')).toBe('hello');
        alone.close();
      }
    } finally {
      proxy.close();
    }
  });

  it('does not send a create again whose answer was lost, and moves the pin', async () => {
    const follower = await etcd.follower();
    await pinTo(follower);
    await read(transport, '/greeting');
    await follower.pause();
    try {
      const error: unknown = await create(transport, '/once', 'a').catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ClusterError);
      expect((error as ClusterError).errors).toHaveLength(1);
      expect(transport.pinned).not.toBe(follower.url);
      expect(await create(transport, '/twice', 'b')).toBe(true);
    } finally {
      follower.resume();
    }
    await etcd.whenHealthy();
  });

  it('sends a create elsewhere when the connection was refused', async () => {
    const follower = await etcd.follower();
    await follower.kill();
    await pinTo(follower);
    expect(await create(transport, '/refused', 'c')).toBe(true);
    await follower.restart();
  });

  it('never reads a stale value from a member without the others', async () => {
    const [alone, ...others] = [pinnedMember(), ...etcd.members.filter((m) => m !== pinnedMember())];
    await read(transport, '/greeting');
    await Promise.all(others.map(async (member) => await member.kill()));
    const error: unknown = await read(transport, '/greeting').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ClusterError);
    expect(new Set((error as ClusterError).errors.map(({ endpoint }) => endpoint))).toEqual(
      new Set(etcd.urls),
    );
    expect((error as ClusterError).errors[0]!.endpoint).toBe(alone.url);
    await Promise.all(others.map(async (member) => await member.restart()));
    await until(
      'a read',
      async () => (await read(transport, '/greeting').catch(() => undefined)) === 'hello',
    );
  });

  describe('with every member down', () => {
    beforeAll(async () => {
      await Promise.all(etcd.members.map(async (member) => await member.kill()));
    });
    afterAll(async () => {
      await Promise.all(etcd.members.map(async (member) => await member.restart()));
    });

    it('reports every member’s error in one', async () => {
      const order = [...transport.endpoints];
      const error: unknown = await read(transport, '/greeting').catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ClusterError);
      const { errors, message } = error as ClusterError;
      expect(errors.map(({ endpoint }) => endpoint)).toEqual(order);
      expect(message).toMatch(
        /^etcd cluster is unavailable or misconfigured; error #0: http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*; error #1: .*; error #2: /,
      );
    });

    it('gives the abort, not the outage', async () => {
      const reason = new Error('changed my mind');
      await expect(read(transport, '/greeting', AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const reading = read(transport, '/greeting', controller.signal);
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
    });
  });

  it('recovers after the outage', async () => {
    await until(
      'a read',
      async () => (await read(transport, '/greeting').catch(() => undefined)) === 'hello',
    );
  });
});
