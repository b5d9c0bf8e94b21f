import { RegistryRefusedError, RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { type Registry, type Scope } from '../../../lib/registry/registry.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';
import { follow, key, open, web } from './support.js';

const { signal } = new AbortController();

describe('the etcd registry and a user with the rights to one key', () => {
  it('holds it, and is refused every other access', async () => {
    const cluster = await startEtcd();
    await cluster.enableAuth('root canary');
    await cluster.addUser('app', 'app canary', '/servers/', 'readwrite');
    const registry = await open({
      endpoints: cluster.urls,
      username: 'app',
      password: 'app canary',
      headerTimeoutPerRequest: 20,
    });
    try {
      const session = await registry.openSession({ ttl: 300 }, signal);
      expect(await session.write(key('/servers/a'), undefined, signal)).toMatchObject({ ok: true });
      await session.renew(signal);
      const refused: unknown = await session.write(web('a'), undefined, signal).catch((e: unknown) => e);
      expect(refused).toBeInstanceOf(RegistryRefusedError);
      expect((refused as Error).message).toMatch(/permission denied/);
      expect((refused as Error).message).not.toMatch(/canary/);
      await session.remove(key('/servers/a'), signal);
      await session.end(signal);
      expect(await cluster.get('/servers/a')).toBeUndefined();
    } finally {
      await registry.close();
      await cluster.stop();
    }
  });
});

describe('the etcd registry and a cluster of three', () => {
  let cluster: EtcdCluster;
  let registry: Registry;

  beforeAll(async () => {
    cluster = await startEtcd({ size: 3 });
    registry = await open({ endpoints: cluster.urls });
  });
  afterAll(async () => {
    await registry.close();
    await cluster.stop();
  });

  it('says which members were tried when all are down; the watch says so too, and both come back', async () => {
    const scope: Scope = { kind: 'key', key: '/down' };
    const session = await registry.openSession({ ttl: 60 }, signal);
    await session.write(key('/down'), undefined, signal);
    const { cursor } = await registry.list(scope, signal);
    await Promise.all(cluster.members.map(async (member) => await member.kill()));
    const error: unknown = await registry.list(scope, signal).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RegistryUnavailableError);
    const { failures } = error as RegistryUnavailableError;
    expect(failures.map(({ endpoint }) => endpoint).sort()).toEqual([...cluster.urls].sort());
    const iterator = registry.watch(scope, cursor, signal)[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow(RegistryUnavailableError);
    await expect(session.end(AbortSignal.timeout(2_000))).rejects.toThrow(RegistryUnavailableError);
    await Promise.all(cluster.members.map(async (member) => await member.restart()));
    await until('a list', async () => {
      const listed = await registry.list(scope, signal).catch(() => undefined);
      return listed?.entries.length === 1;
    });
    const watch = follow(registry, scope, cursor);
    await session.end(signal);
    await until('the end to be reported', () => watch.changes.length === 1);
    await watch.end();
    expect(watch.changes).toMatchObject([{ kind: 'delete', cause: 'withdrawn' }]);
  });

  it('keeps an entry through the kill of the leader and of a member that is stopped', async () => {
    const session = await registry.openSession({ ttl: 8 }, signal);
    await session.write(key('/kept'), undefined, signal);
    const stop = new AbortController();
    const beating = (async () => {
      while (!stop.signal.aborted) {
        await session.renew(AbortSignal.timeout(1_000)).catch((error: unknown) => {
          if (error instanceof Error && error.name === 'SessionGoneError') throw error;
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
    const leader = await cluster.leader();
    await leader.kill();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await cluster.get('/kept')).toBe('v');
    await leader.restart();
    const follower = await cluster.follower();
    await follower.pause();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    follower.resume();
    stop.abort();
    await beating;
    expect(await cluster.get('/kept')).toBe('v');
    await session.end(signal);
  });
});
