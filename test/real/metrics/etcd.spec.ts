import { startEtcd } from '../../harness/etcd.js';
import { describeMetrics } from './registry-metrics.js';

describeMetrics('etcd', 1_000, async () => {
  const etcd = await startEtcd();
  const [member] = etcd.members;
  return {
    url: `etcd://${etcd.hosts}`,
    kill: () => member!.kill(),
    restart: () => member!.restart(),
    stop: () => etcd.stop(),
  };
});
