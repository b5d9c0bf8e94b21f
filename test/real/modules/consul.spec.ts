import { startConsul } from '../../harness/consul.js';
import { describeBothModules } from './both-modules.js';

describeBothModules('Consul', async () => {
  const agent = await startConsul();
  return { registry: `consul://${agent.host}:${agent.port}`, close: () => agent.stop() };
});
