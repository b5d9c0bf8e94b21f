import { setTimeout as sleep } from 'node:timers/promises';
import { startConsul } from '../../harness/consul.js';
import { consul } from '../../../lib/registries/consul/consul.js';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';
import { openDiscovery, seenAt } from '../measure/open-discovery.js';
import { median } from '../measure/statistics.js';

const SERVICE = 'web';
const SIZE = 3;
/** Between two registrations. The driver reads a service that changes all the time ten times a second at most. */
const PAUSE_MS = 150;

interface HealthEntry {
  readonly Service: { readonly Meta: Readonly<Record<string, string>> };
}

/** Milliseconds from a registration until this process has the endpoint, against a bare blocking query. */
export async function visibleOnConsul({ rounds, quick }: Effort): Promise<readonly Line[]> {
  const agent = await startConsul({});
  const puts = quick ? 3 : 12;
  let version = 0;
  const register = async (index: number): Promise<void> => {
    const body = {
      ID: `${SERVICE}-${index}`,
      Name: SERVICE,
      Address: `10.0.0.${index}`,
      Port: 8_000,
      Meta: { version: String(version) },
    };
    const response = await fetch(`${agent.url}/v1/agent/service/register`, {
      method: 'PUT',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Consul refused a registration: ${await response.text()}`);
  };
  /** The median of several registrations, each seen before the next one. */
  const timed = async (see: (version: string) => Promise<number>): Promise<number> => {
    const took: number[] = [];
    for (let put = 0; put < puts; put++) {
      await sleep(PAUSE_MS);
      version += 1;
      const seen = see(String(version));
      const start = performance.now();
      const written = register(put % SIZE);
      took.push((await seen) - start);
      await written;
    }
    return median(took);
  };
  try {
    for (let index = 0; index < SIZE; index++) await register(index);
    const values = await alternate(rounds, {
      ours: async () => {
        const source = consul({ host: '127.0.0.1', port: agent.port });
        const { handle, close } = await openDiscovery(source, SERVICE, SIZE);
        const took = await timed((wanted) => seenAt(handle, 'version', wanted));
        await close();
        return took;
      },
      floor: async () => {
        let index = await query(agent.url).then((found) => found.index);
        return await timed(async (wanted) => {
          for (;;) {
            const found = await query(agent.url, index);
            index = found.index;
            if (found.entries.some(({ Service: { Meta: meta } }) => meta.version === wanted))
              return performance.now();
          }
        });
      },
    });
    return [
      {
        what: `registration until visible on Consul, ${SIZE} endpoints`,
        unit: 'ms',
        ours: values.ours,
        floor: { name: 'a bare blocking query', values: values.floor },
        goal: { of: 'ratio', atMost: 1.2 },
      },
    ];
  } finally {
    await agent.stop();
  }
}

/** The health of the service; with an index, as soon as it changes. */
async function query(
  url: string,
  index?: string,
): Promise<{ readonly index: string; readonly entries: readonly HealthEntry[] }> {
  const wait = index === undefined ? '' : `&index=${index}&wait=10s`;
  const response = await fetch(`${url}/v1/health/service/${SERVICE}?passing=1${wait}`);
  return {
    index: response.headers.get('x-consul-index') ?? '0',
    entries: (await response.json()) as readonly HealthEntry[],
  };
}
