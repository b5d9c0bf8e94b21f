import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';

const { signal } = new AbortController();
const ROOT = { username: 'root', password: 'root canary' };

const key = (name: string, value: string): KeyRecord => ({ kind: 'key', key: name, value });

// The documented order of a rollout: every client gets its credentials, then authentication is enabled.
describe.each(['3.4', '3.5'] as const)(
  'etcd %s whose authentication is enabled under its clients',
  (version) => {
    let cluster: EtcdCluster;
    let registry: Registry;
    let client: EtcdClient;

    beforeAll(async () => {
      cluster = await startEtcd({ version });
      registry = await etcd({ endpoints: cluster.urls, headerTimeoutPerRequest: 20, ...ROOT }).open({
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      });
      client = await EtcdClient.create({ endpoints: cluster.urls, headerTimeoutPerRequest: 20, ...ROOT });
    });
    afterAll(async () => {
      await client.close();
      await registry.close();
      await cluster.stop();
    });

    it('is logged in to at once: writes, lists, renewals and watches continue', async () => {
      const session = await registry.openSession({ ttl: 300, name: 'spec' }, signal);
      const written = await session.write(key('/later', '1'), undefined, signal);
      const watcher = client.keys.watcher('/later');
      const first = watcher.next(AbortSignal.timeout(60_000));
      await until('the watch', async () => (await client.keys.get('/later')).node.value === '1');

      await cluster.enableAuth(ROOT.password);

      expect(written.ok).toBe(true);
      const again = await session.write(key('/later', '2'), written.ok ? written.version : undefined, signal);
      expect(again.ok).toBe(true);
      expect((await first).node.value).toBe('2');
      await session.renew(signal);
      const listing = await registry.list({ kind: 'key', key: '/later' }, signal);
      expect(listing.entries).toMatchObject([{ record: { value: '2' } }]);
      const changes = registry.watch(
        { kind: 'key', key: '/later' },
        listing.cursor,
        AbortSignal.timeout(60_000),
      );

      expect((await client.keys.get('/later')).node.value).toBe('2');
      expect((await client.keys.create('/created', 'x', { ttl: 60 })).action).toBe('create');
      expect(
        (await client.keys.watcher('/created', { afterIndex: 1 }).next(AbortSignal.timeout(60_000))).action,
      ).toBe('create');
      expect(await client.auth.users.list()).toEqual(['root']);

      await session.end(signal);
      for await (const batch of changes) {
        if (batch.kind !== 'changes' || batch.changes.length === 0) continue;
        expect(batch.changes).toMatchObject([{ kind: 'delete' }]);
        break;
      }
    });
  },
);
