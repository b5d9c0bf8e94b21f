import { startEtcd } from '../../harness/etcd.js';
import { describeJobs } from './jobs.js';

describeJobs('etcd', async () => {
  const etcd = await startEtcd();
  return { url: `etcd://${etcd.hosts}?timeout=10`, close: () => etcd.stop() };
});
