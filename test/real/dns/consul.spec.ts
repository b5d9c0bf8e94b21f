import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { dnsFromUrl } from '../../../lib/registries/dns/url.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { freePorts } from '../../harness/ports.js';

const { signal } = new AbortController();
const INSTANCES = 12;

describe("Consul's DNS with its default limits", () => {
  let agent: ConsulAgent;
  let registry: Registry;
  beforeAll(async () => {
    const [dnsPort] = await freePorts(1);
    agent = await startConsul({ dnsPort: dnsPort! });
    for (let n = 1; n <= INSTANCES; n++)
      await agent.request('/v1/agent/service/register', {
        method: 'PUT',
        body: { ID: `web-${n}`, Name: 'web', Address: `10.0.0.${n}`, Port: 8_000 + n },
      });
    const url = `dns:service.consul?server=127.0.0.1:${dnsPort}&port=80`;
    registry = await dnsFromUrl(url).open({ clock: systemClock, random: Math.random, logger: silentLogger });
  });
  afterAll(async () => {
    await registry.close();
    await agent.stop();
  });

  it('returns every instance in each lookup', async () => {
    const expected = Array.from({ length: INSTANCES }, (_, n) => `10.0.0.${n + 1}:${8_001 + n}`).sort();
    for (let n = 0; n < 5; n++) {
      const { entries } = await registry.list({ kind: 'service', service: 'web' }, signal);
      const ids = entries.map(({ record }) => (record.kind === 'instance' ? record.instance.id : ''));
      expect(ids.sort()).toEqual(expected);
    }
  });
});
