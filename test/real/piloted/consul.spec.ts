import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { until } from '../../harness/wait.js';
import { discover, type Discovering } from './support.js';

describe('PilotedModule on a real Consul', () => {
  let consul: ConsulAgent;
  let open: Discovering[];

  beforeAll(async () => {
    consul = await startConsul();
  });
  beforeEach(() => {
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
  });
  afterAll(async () => {
    await consul.stop();
  });

  const registry = (): string => `consul://${consul.host}:${consul.port}`;

  async function start(options: Parameters<typeof discover>[0]): Promise<Discovering> {
    const one = await discover(options);
    open.push(one);
    return one;
  }

  async function register(name: string, id: string, more: object = {}): Promise<void> {
    const body = { Name: name, ID: id, Address: '10.0.0.1', Port: 8_080, ...more };
    expect((await consul.request('/v1/agent/service/register', { method: 'PUT', body })).status).toBe(200);
  }

  const critical = { Check: { TTL: '60s', Status: 'critical' } };
  const passing = (id: string) => ({ Check: { CheckID: `check-${id}`, TTL: '60s', Status: 'passing' } });

  it('gives only healthy instances, and follows their health', async () => {
    await register('health', 'good', passing('good'));
    await register('health', 'bad', critical);
    const { ids } = await start({ registry: registry(), services: ['health'] });
    expect(ids('health')).toEqual(['good']);
    await register('health', 'second', passing('second'));
    await until('the second instance', () => ids('health').length === 2);
    await consul.request('/v1/agent/check/fail/check-good', { method: 'PUT' });
    await until('the sick one to go', () => ids('health').join() === 'second');
  });

  it('falls back to the address of the node where a service names none', async () => {
    await register('plain', 'plain-1', { Address: '' });
    const { discovery } = await start({ registry: registry(), services: ['plain'] });
    const [node] = await consul.json<{ Address: string }[]>('/v1/catalog/nodes');
    expect(discovery.pick('plain')).toMatchObject({ address: node?.Address, port: 8_080 });
  });

  it('keeps its list while the agent is silent, and is fresh again with no empty list between', async () => {
    await register('steady', 'a');
    await register('steady', 'b');
    const { discovery, ids, lists } = await start({ registry: registry(), services: ['steady'] });
    const seen = lists('steady');
    const handle = discovery.of('steady');
    await consul.pause();
    await until('the list to be stale', () => handle.stale);
    expect(['a', 'b']).toContain(handle.pick().id);
    expect(handle.age).toBeGreaterThan(1);
    consul.resume();
    await until('the list to be fresh', () => !handle.stale);
    expect(ids('steady')).toEqual(['a', 'b']);
    expect(seen).toEqual([]);
    await register('steady', 'c');
    await until('a change after it', () => ids('steady').length === 3);
  });

  it('takes watches from a containerpilot file with tags, and again on SIGHUP', async () => {
    await register('tagged', 'blue', { Tags: ['blue'] });
    await register('tagged', 'green', { Tags: ['green'] });
    const folder = await mkdtemp(join(tmpdir(), 'sidekick-real-'));
    const config = join(folder, 'containerpilot.json5');
    const write = (tag: string): Promise<void> =>
      writeFile(
        config,
        `{ consul: "{{ .CONSUL_UNDER_TEST }}", watches: [{ name: "tagged", interval: 1, tag: "${tag}" }] }`,
      );
    process.env.CONSUL_UNDER_TEST = `${consul.host}:${consul.port}`;
    try {
      await write('blue');
      const { ids, discovery } = await start({ config });
      expect(discovery.names()).toEqual(['tagged']);
      expect(ids('tagged')).toEqual(['blue']);
      await write('green');
      process.emit('SIGHUP');
      await until('the other tag', () => ids('tagged').join() === 'green');
    } finally {
      delete process.env.CONSUL_UNDER_TEST;
      await rm(folder, { recursive: true });
    }
  });

  it('refuses nothing but what it cannot say: an unknown datacenter leaves the boot with a warning', async () => {
    const { discovery } = await start({
      registry: registry(),
      services: [{ name: 'far', dc: 'nowhere' }],
      bootTimeout: 1,
    });
    await until('the refusal', () => discovery.of('far').error);
    expect(() => discovery.pick('far')).toThrow(/the registry has never answered/);
    expect(discovery.of('far').error?.message).toMatch(/nowhere|No path to datacenter/);
  });

  it('drops what lies outside of `allow` and what is no address, each with a warning, at boot and later', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    const bad: readonly object[] = [
      { Address: '169.254.169.254' },
      { Address: '::ffff:169.254.169.254' },
      { Address: 'localhost' },
      { Address: 'http://10.0.0.1' },
      { Address: '10.0.0.256' },
      { Address: '10.0.0.1', Port: 0 },
    ];
    const write = async (round: string): Promise<void> => {
      for (const [n, more] of bad.entries()) await register('guarded', `${round}-bad-${n}`, more);
      await register('guarded', `${round}-mapped`, { Address: '::ffff:10.0.0.2' });
      await register('guarded', `${round}-good`);
    };
    await write('first');
    const { ids } = await start({
      registry: registry(),
      services: ['guarded'],
      allow: ['10.0.0.0/8'],
      logger,
    });
    expect(ids('guarded')).toEqual(['first-good', 'first-mapped']);
    await write('later');
    await until('the later ones', () => ids('guarded').includes('later-good'));
    expect(ids('guarded')).toEqual(['first-good', 'first-mapped', 'later-good', 'later-mapped']);
    for (const round of ['first', 'later'])
      for (const n of bad.keys())
        expect(warnings.filter((text) => text.includes(`"${round}-bad-${n}"`))).toHaveLength(1);
  });
});
