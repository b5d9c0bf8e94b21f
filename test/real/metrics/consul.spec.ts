import { stoppableConsul } from '../../harness/stoppable-registry.js';
import { describeMetrics } from './registry-metrics.js';

describeMetrics('consul', 100, stoppableConsul);
