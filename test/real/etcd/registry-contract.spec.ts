import { jest } from '@jest/globals';
import { systemClock } from '../../../lib/kernel/clock.js';
import { silentLogger } from '../../../lib/kernel/logger.js';
import { describeRegistryContract } from '../../../lib/registry/contract/index.js';
import { encodeItem } from '../../../lib/registry/etcd/codec.js';
import { EtcdLayout } from '../../../lib/registry/etcd/layout.js';
import { etcd } from '../../../lib/registry/etcd/index.js';
import { DEFAULT_PREFIX } from '../../../lib/registry/etcd/options.js';
import { slotOf } from '../../../lib/registry/item.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';

jest.setTimeout(60_000);

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
    capabilities: { reportsMissing: false },
    open: async () => {
      const source = etcd({ endpoints: cluster.urls });
      return {
        connect: async () =>
          await source.open({ clock: systemClock, random: Math.random, logger: silentLogger }),
      };
    },
    corrupt: async (_, slot) => await cluster.put(layout.keyOf(slot), 'rubbish'),
    forget: async (_, slot) => await cluster.delete(layout.keyOf(slot)),
    plant: async (_, item) => await cluster.put(layout.keyOf(slotOf(item)), encodeItem(item).toString()),
    revoke: async (_, session) => await cluster.revoke(BigInt(session).toString(16)),
    compact: async () => await cluster.compact(),
  });
});
