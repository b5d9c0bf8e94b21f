import { startConsul } from '../../harness/consul.js';
import { describeMetrics } from './registry-metrics.js';

describeMetrics('consul', 200, async () => {
  const agent = await startConsul({ persistent: true });
  return {
    url: `consul://${agent.host}:${agent.port}`,
    kill: () => agent.kill(),
    restart: () => agent.restart(),
    stop: () => agent.stop(),
  };
});
