import { once } from 'node:events';
import { createServer } from 'node:net';
import { startConsul } from '../../harness/consul.js';
import { startEtcd } from '../../harness/etcd.js';
import { freePorts } from '../../harness/ports.js';
import { monotonic, until } from '../../harness/wait.js';
import { Load } from './load.js';
import { SampleProcess } from './sample-process.js';

/** Milliseconds an instance that was killed may stay in the list: ten times its TTL of 3 s. */
const GONE = 30_000;
/** Milliseconds from Ctrl-C to the end: ten times the figure. */
const END = 50_000;

const launcher = [process.execPath, 'scripts/start.mjs'] as const;

/** How many of `requests` each instance served. */
async function spread(sample: SampleProcess, requests: number): Promise<number[]> {
  const served = new Map<string, number>();
  for (let i = 0; i < requests; i++) {
    const { instance } = await sample.next();
    served.set(instance, (served.get(instance) ?? 0) + 1);
  }
  return [...served.values()];
}

async function gone(pid: number): Promise<void> {
  await until(`process ${pid} to be gone`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

interface Place {
  readonly url: string | undefined;
  readonly stop: () => Promise<void>;
}

const places: readonly [string, () => Promise<Place>][] = [
  ['the embedded registry', async () => ({ url: undefined, stop: async () => undefined })],
  [
    'etcd',
    async () => {
      const etcd = await startEtcd();
      return { url: `etcd://${etcd.hosts}?timeout=10`, stop: async () => etcd.stop() };
    },
  ],
  [
    'Consul',
    async () => {
      const consul = await startConsul();
      return { url: `consul://${consul.host}:${consul.port}`, stop: async () => consul.stop() };
    },
  ],
];

describe.each(places)('The sample on %s', (_name, open) => {
  let place: Place | undefined;
  let sample: SampleProcess;

  beforeAll(async () => {
    place = await open();
    sample = await SampleProcess.start({ command: launcher, ...(place.url && { registry: place.url }) });
  });
  afterAll(async () => {
    // Where the start failed, what had come up by then still ends.
    await (sample as SampleProcess | undefined)?.dispose();
    await place?.stop();
  });

  it('spreads 30 requests evenly over three instances, and lists them', async () => {
    let served: number[] = [];
    // On a busy machine an instance may miss its TTL of 3 s and come back meanwhile.
    await until('30 requests to three instances', async () => {
      const before = sample.departures;
      served = await spread(sample, 30);
      return (await sample.instances()).length === 3 && sample.departures === before;
    });
    expect(served).toHaveLength(3);
    expect(Math.min(...served)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...served)).toBeLessThanOrEqual(11);
    const services = (await sample.get('/services')) as { appserver: { address: string; port: number }[] };
    const { address, port } = await sample.next();
    expect(services.appserver).toHaveLength(3);
    expect(services.appserver).toContainEqual(expect.objectContaining({ address, port }));
  });

  it.each(['/grpc', '/tcp'])('calls every instance by %s', async (path) => {
    const served = new Set<string>();
    await until('each instance to be called', async () => {
      served.add(((await sample.get(path)) as { instance: string }).instance);
      return served.size === 3;
    });
  });

  /** Output of a process arrives asynchronously, so wait for it. */
  const said = async (text: string): Promise<unknown> =>
    await until(`the sample to say "${text}"`, () => sample.output.includes(text));

  it('shows a live page to this machine', async () => {
    const base = /^Watch (http:\S+)/m.exec(sample.output)?.[1];
    expect(await (await fetch(String(base))).text()).toContain('<title>nestjs-sidekick</title>');
  });

  it('shows which instance runs the job of all', async () => {
    await said('runs the report of all appservers from now on');
  });

  it('fails no request when an instance ends in good order', async () => {
    const { instance, pid } = await sample.next();
    const load = new Load(async () => sample.next());
    process.kill(pid, 'SIGTERM');
    await gone(pid);
    await until('it to be off the list', async () => !(await sample.instances()).includes(instance));
    const { requests, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(10);
    await said(`appserver/${instance}: deregistered`);
  });

  it('fails no request when an instance is killed, and drops it after its TTL', async () => {
    const { instance, pid } = await sample.next();
    const load = new Load(async () => sample.next());
    process.kill(pid, 'SIGKILL');
    const since = monotonic();
    await until('it to be off the list', async () => !(await sample.instances()).includes(instance));
    const took = monotonic() - since;
    const { requests, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(10);
    expect(took).toBeLessThan(GONE);
    await said(`(pid ${pid}) ended unexpectedly (SIGKILL)`);
    await said(`- ${instance} at `);
  });

  it('ends altogether on Ctrl-C, and leaves nothing behind', async () => {
    const since = monotonic();
    sample.interrupt();
    expect(await sample.exit()).toBe(0);
    expect(monotonic() - since).toBeLessThan(END);
    await sample.gone();
    expect(await sample.leftovers()).toEqual([]);
    expect(sample.output).not.toContain('is killed');
  });
});

describe('npm start', () => {
  let sample: SampleProcess | undefined;
  afterEach(async () => {
    await sample?.dispose();
    sample = undefined;
  });

  it.each<[string, (sample: SampleProcess) => void]>([
    ['Ctrl-C', (sample) => sample.interrupt()],
    ['a SIGTERM that only npm is sent', ({ pid }) => process.kill(pid, 'SIGTERM')],
  ])('ends everything on %s', async (_name, end) => {
    sample = await SampleProcess.start();
    end(sample);
    await sample.exit();
    await sample.gone(END);
    expect(await sample.leftovers()).toEqual([]);
  });

  it('keeps serving while an instance hangs, and leaves no process when its own is killed', async () => {
    sample = await SampleProcess.start({ command: launcher });
    const { pid } = await sample.next();
    process.kill(pid, 'SIGSTOP');
    const load = new Load(async () => sample?.next(), 2);
    await until('its TTL to have passed', async () => (await sample?.instances())?.length === 2);
    process.kill(pid, 'SIGCONT');
    await until('it to be back', async () => (await sample?.instances())?.length === 3);
    expect((await load.stop()).failures).toEqual([]);
    process.kill(sample.pid, 'SIGKILL');
    await until('every process to be gone', () => !sample?.alive);
  });

  it('runs twice at a time, each with its own three instances', async () => {
    sample = await SampleProcess.start({ command: launcher });
    const other = await SampleProcess.start({ command: launcher });
    try {
      expect(await sample.instances()).toHaveLength(3);
      expect(await other.instances()).toHaveLength(3);
    } finally {
      await other.dispose();
    }
  });

  it('says in one sentence that its port is in use', async () => {
    const [port] = (await freePorts(1)) as [number];
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      sample = await SampleProcess.launch({ port, command: launcher });
      expect(await sample.exit()).toBe(1);
    } finally {
      server.close();
    }
    expect(sample.output).toContain(
      `Port ${port} is in use by another program. Choose another one: PORT=${port + 1}`,
    );
    expect(sample.output).not.toMatch(/^\s+at /m);
    await sample.gone();
    expect(await sample.leftovers()).toEqual([]);
  });

  it.each([
    ['a registry of no known kind', 'zookeeper://127.0.0.1:2181', /zookeeper/],
    ['a registry that is not there', 'etcd://127.0.0.1:1', /127\.0\.0\.1:1/],
  ])('says in one sentence what is wrong with %s', async (_name, registry, sentence) => {
    sample = await SampleProcess.launch({ registry, command: launcher });
    expect(await sample.exit()).toBe(1);
    expect(sample.output).toMatch(sentence);
    expect(sample.output).not.toMatch(/^\s+at /m);
    await sample.gone();
  });
});
