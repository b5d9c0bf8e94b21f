import { stoppableEtcd } from '../../harness/stoppable-registry.js';
import { describeMetrics } from './registry-metrics.js';

describeMetrics('etcd', 500, stoppableEtcd);
