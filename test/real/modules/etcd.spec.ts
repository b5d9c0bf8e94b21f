import { startEtcd } from '../../harness/etcd.js';
import { describeBothModules } from './both-modules.js';

describeBothModules('etcd', async () => {
  const etcd = await startEtcd();
  return { registry: `etcd://${etcd.hosts}?timeout=10`, close: () => etcd.stop() };
});
