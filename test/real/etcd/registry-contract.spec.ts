import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { encodeRecord } from '../../../lib/registries/etcd/codec.js';
import { EtcdLayout } from '../../../lib/registries/etcd/etcd-layout.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { DEFAULT_PREFIX } from '../../../lib/registries/etcd/options.js';
import { entryKeyOf } from '../../../lib/registry/entry-record.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';

describe.each(['3.5', '3.4'] as const)('etcd %s', (version) => {
  const layout = new EtcdLayout(DEFAULT_PREFIX);
  let cluster: EtcdCluster;

  beforeAll(async () => {
    cluster = await startEtcd({ version });
  });
  afterAll(async () => {
    await cluster.stop();
  });

  describeRegistryContract({
    name: `etcd ${version}`,
    // A second more than etcd's least, and time for a busy machine.
    ttl: 3,
    expiryMs: 20_000,
    capabilities: { reportsMissing: false },
    open: async () => {
      const source = etcd({ endpoints: cluster.urls, headerTimeoutPerRequest: 20 });
      return {
        connect: async () =>
          await source.open({ clock: systemClock, random: Math.random, logger: silentLogger }),
      };
    },
    corrupt: async (_, entryKey) => await cluster.put(layout.keyOf(entryKey), 'rubbish'),
    forget: async (_, entryKey) => await cluster.delete(layout.keyOf(entryKey)),
    plant: async (_, record) =>
      await cluster.put(layout.keyOf(entryKeyOf(record)), encodeRecord(record).toString()),
    revoke: async (_, session) => await cluster.revoke(BigInt(session).toString(16)),
    compact: async () => await cluster.compact(),
  });
});
