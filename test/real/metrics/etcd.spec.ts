import { stoppableEtcd } from '../../harness/stoppable-registry.js';
import { describeMetrics } from './registry-metrics.js';

describeMetrics('etcd', 1_000, stoppableEtcd);
