import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { type KeysError } from '../../../lib/etcd-client/errors/index.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { codeOf, keysClientOfThisFile } from './keys-client.js';

const server = keysClientOfThisFile();

describe('TTL', () => {
  it('is granted, returned and kept', async () => {
    const before = Date.now();
    const { node } = await server.client.keys.set('/ttl/a', '1', { ttl: 30 });
    expect(node.ttl).toBe(30);
    expect(node.expiration?.getTime()).toBeGreaterThanOrEqual(before + 30_000);
    const got = (await server.client.keys.get('/ttl/a')).node;
    expect(got.ttl).toBeGreaterThan(25);
    expect(got.ttl).toBeLessThanOrEqual(30);
    expect((await server.client.keys.get('/ttl')).node.nodes?.[0]?.ttl).toBeGreaterThan(25);
  });

  it('ends the key', async () => {
    await server.client.keys.set('/ttl/short', '1', { ttl: 2 });
    await until('the key to expire', async () => (await server.etcd.get('/ttl/short')) === undefined);
    expect(await codeOf(server.client.keys.get('/ttl/short'))).toBe(100);
  });

  it('ends with a write without one', async () => {
    await server.client.keys.set('/ttl/b', '1', { ttl: 30 });
    const { node } = await server.client.keys.set('/ttl/b', '2');
    expect(node.ttl).toBeUndefined();
    expect((await server.client.keys.get('/ttl/b')).node.ttl).toBeUndefined();
  });

  it('leaves no lease behind when keys are replaced, deleted, or refused', async () => {
    const before = (await server.etcd.leases()).length;
    for (let round = 0; round < 5; round += 1)
      await server.client.keys.set('/ttl/replaced', 'x', { ttl: 600 });
    await server.client.keys.delete('/ttl/replaced');
    await server.client.keys.set('/ttl/tree/a', 'x', { ttl: 600 });
    await server.client.keys.set('/ttl/tree/b', 'x', { ttl: 600 });
    await server.client.keys.delete('/ttl/tree', { recursive: true });
    await server.client.keys.set('/ttl/taken', 'x');
    expect(await codeOf(server.client.keys.create('/ttl/taken', 'x', { ttl: 600 }))).toBe(105);
    await server.client.keys.set('/ttl/dir', '', { dir: true, ttl: 600 });
    await server.client.keys.delete('/ttl/dir', { dir: true });
    await until('the leases to be gone', async () => (await server.etcd.leases()).length <= before);
  });

  it('never touches a lease of another client', async () => {
    const granted = await server.etcd.etcdctl(['lease', 'grant', '600']);
    const id = /lease ([0-9a-f]+)/.exec(granted)?.[1] ?? '';
    await server.etcd.etcdctl(['put', '/ttl/foreign', 'x', `--lease=${id}`]);
    await server.etcd.etcdctl(['put', '/ttl/companion', 'x', `--lease=${id}`]);
    await server.client.keys.set('/ttl/foreign', 'y', { ttl: 600 });
    await server.client.keys.delete('/ttl/foreign');
    const other = await EtcdClient.create({ endpoints: server.etcd.urls, headerTimeoutPerRequest: 20 });
    await other.keys.set('/ttl/companion2', 'x');
    await other.close();
    expect((await server.client.keys.get('/ttl/companion')).node.ttl).toBeGreaterThan(500);
  });
});

describe('refresh', () => {
  it('renews the lease and leaves the key as it is', async () => {
    const { index } = await server.client.keys.set('/refresh/a', 'v', { ttl: 6 });
    const end = monotonic() + 8_000;
    while (monotonic() < end) {
      const { node, action } = await server.client.keys.set('/refresh/a', '', { refresh: true, ttl: 6 });
      expect(action).toBe('set');
      expect(node).toMatchObject({ value: 'v', ttl: 6 });
      await sleep(500);
    }
    expect((await server.client.keys.get('/refresh/a')).node.modifiedIndex).toBe(index);
  });

  it('gives another TTL, also to a key that had none', async () => {
    await server.client.keys.set('/refresh/b', 'v');
    const first = await server.client.keys.update('/refresh/b', undefined, { refresh: true, ttl: 100 });
    expect(first).toMatchObject({ action: 'update', node: { value: 'v', ttl: 100 } });
    const second = await server.client.keys.set('/refresh/b', '', { refresh: true, ttl: 200 });
    expect(second.node.ttl).toBe(200);
    expect((await server.client.keys.get('/refresh/b')).node.ttl).toBeGreaterThan(150);
  });

  it('compares first, and needs a file', async () => {
    await server.client.keys.set('/refresh/c', 'v', { ttl: 60 });
    const options = { refresh: true, ttl: 60 } as const;
    expect(await codeOf(server.client.keys.set('/refresh/c', '', { ...options, prevValue: 'w' }))).toBe(101);
    expect((await server.client.keys.set('/refresh/c', '', { ...options, prevValue: 'v' })).action).toBe(
      'compareAndSwap',
    );
    expect(await codeOf(server.client.keys.set('/refresh/none', '', options))).toBe(100);
    expect(await codeOf(server.client.keys.set('/refresh', '', options))).toBe(102);
  });
});

describe('side by side', () => {
  it('lets exactly one of 100 compare-and-swaps win', async () => {
    const { index } = await server.client.keys.set('/cas', 'start');
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, async (_, i) =>
        server.client.keys.set('/cas', String(i), { prevIndex: index }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = results.map((result) =>
      result.status === 'rejected' ? (result.reason as KeysError).code : undefined,
    );
    expect(codes.filter((code) => code === 101)).toHaveLength(99);
  });

  it('lets exactly one of 50 creates win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, i) => server.client.keys.create('/created-once', String(i))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('lets every one of 100 plain sets through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => server.client.keys.set('/contended', String(i))),
    );
    expect(new Set(answers.map(({ index }) => index)).size).toBe(100);
    const last = answers.reduce((a, b) => (a.index > b.index ? a : b));
    expect((await server.client.keys.get('/contended')).node.value).toBe(last.node.value);
  });
});
