import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { type Registration } from '../../../lib/registration/registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { TcpProxy } from '../../harness/proxy.js';
import { until } from '../../harness/wait.js';
import { instance, open } from './support.js';

const INSTANCES = 60;
/** Seconds, so that a busy machine renews in time. */
const TTL = 60;

/** Counts the requests of this process whose method and path match. */
function counting(method: string, path: RegExp): { readonly count: () => number; readonly stop: () => void } {
  let count = 0;
  const listener = (message: unknown): void => {
    const { request } = message as { request: { readonly method: string; readonly path: string } };
    if (request.method === method && path.test(request.path)) count += 1;
  };
  subscribe('http.client.request.start', listener);
  return { count: () => count, stop: () => unsubscribe('http.client.request.start', listener) };
}

/** Registers the instances at once, as a process does that starts. Rejects with the first of them that fails. */
async function registered(
  agent: { readonly host: string; readonly port: number },
  count: number,
  serviceOf: (n: number) => string,
): Promise<{ readonly all: readonly Registration[]; readonly close: () => Promise<void> }> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  // A busy machine may take seconds for a response. That no deadline begins in the queue: request-queue.spec.
  const registry = await open(agent as ConsulAgent, { timeout: 20 });
  const registrar = new LocalRegistrar({
    ...deps,
    registry,
    ticker: clockTicker(systemClock),
    name: 'burst',
  });
  const all = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const record = instance({ service: serviceOf(n), id: `web-${n}`, port: 1_000 + n });
      const options = { ttl: TTL, updateInterval: 8, exclusive: false };
      const registration = await registrar.register(`${n}`, record, options);
      await registration.first;
      return registration;
    }),
  );
  return {
    all,
    close: async () => {
      await registrar.close();
      await registry.close();
    },
  };
}

describe('many instances of one process that start at once on Consul', () => {
  let agent: ConsulAgent;

  beforeAll(async () => {
    agent = await startConsul({ persistent: true });
  });
  afterAll(async () => {
    await agent.stop();
  });

  async function left(): Promise<number> {
    return Object.keys(await agent.json<object>('/v1/agent/services')).length;
  }

  it('all register in one service, and share the reads of it', async () => {
    const reads = counting('GET', /^\/v1\/health\/service\//);
    const lists = counting('GET', /^\/v1\/agent\/services/);
    const { all, close } = await registered(agent, INSTANCES, () => 'web');
    expect(await agent.passing('web')).toHaveLength(INSTANCES);
    // Each for itself would be two reads and a list for each instance, and a query that each change ends.
    expect(reads.count()).toBeLessThan(2 * INSTANCES);
    expect(lists.count()).toBeLessThan(INSTANCES);
    reads.stop();
    lists.stop();
    await Promise.all(all.map((registration) => registration.stop()));
    await until('the end of all instances', async () => (await left()) === 0);
    await close();
  });

  it('all register in a service of their own', async () => {
    const { close, all } = await registered(agent, INSTANCES, (n) => `service-${n}`);
    expect(await left()).toBe(INSTANCES);
    await Promise.all(all.map((registration) => registration.stop()));
    await until('the end of all instances', async () => (await left()) === 0);
    await close();
  });

  it('all register at an agent that takes 300 ms for each response', async () => {
    const proxy = await TcpProxy.to({ port: agent.port });
    proxy.delay(300, 'down');
    const { close } = await registered({ host: '127.0.0.1', port: proxy.port }, INSTANCES, () => 'slow');
    expect(await agent.passing('slow')).toHaveLength(INSTANCES);
    await close();
    await proxy.stop();
  });

  it('all fail soon when the agent answers nothing', async () => {
    const proxy = await TcpProxy.to({ port: agent.port });
    const registry = await open({ host: '127.0.0.1', port: proxy.port } as ConsulAgent);
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const registrar = new LocalRegistrar({
      ...deps,
      registry,
      ticker: clockTicker(systemClock),
      name: 'silent',
    });
    const release = await registrar.connect(TTL);
    proxy.stall();
    const start = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, async (_, n) => {
        const record = instance({ service: 'silent', id: `silent-${n}` });
        const options = { ttl: TTL, updateInterval: 8, exclusive: false };
        await (
          await registrar.register(`${n}`, record, options)
        ).first;
      }),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    // One after the other by the deadline of a request would be more than a minute.
    expect(performance.now() - start).toBeLessThan(20_000);
    release();
    await registrar.close();
    await registry.close();
    await proxy.stop();
  });
});
