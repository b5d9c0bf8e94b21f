import { PassThrough } from 'node:stream';
import { until } from '../../test/harness/wait.js';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { completeInstance } from '../registry/instance.js';
import { registryPool } from '../registry/registry-pool.js';
import { type Registry, type Session } from '../registry/registry.js';
import { registrySource } from '../registries/registry-url.js';
import { piloted } from './piloted.js';

const URL = 'memory:piloted-spec';
const NEVER = new AbortController().signal;

describe('piloted', () => {
  let registry: Registry;
  let session: Session;
  let release: () => Promise<void>;
  let interrupt: AbortController;
  let out: string[];
  let err: string[];

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const pooled = await registryPool.acquire(registrySource(URL, {}), deps);
    ({ registry } = pooled);
    release = () => pooled.release();
    session = await registry.openSession({ ttl: 60 }, NEVER);
    await announce('one', 80);
    interrupt = new AbortController();
    out = [];
    err = [];
  });
  afterEach(async () => {
    await session.end(NEVER);
    await release();
  });

  async function announce(id: string, port: number): Promise<void> {
    const instance = completeInstance({
      service: 'web',
      id,
      address: '10.0.0.1',
      port,
      tags: ['blue', 'v2'],
    });
    await session.write({ kind: 'instance', instance }, undefined, NEVER);
  }

  const run = (...args: string[]): Promise<number> =>
    piloted(args, {
      env: { SIDEKICK_REGISTRY: URL },
      stdin: new PassThrough(),
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      interrupted: interrupt.signal,
    });

  it('ls prints the endpoints of a service', async () => {
    expect(await run('ls', 'web')).toBe(0);
    expect(out).toEqual(['web\t10.0.0.1:80\tone\tblue,v2']);
  });

  it('ls prints JSON', async () => {
    expect(await run('ls', '--json', 'web')).toBe(0);
    expect(out.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { service: 'web', id: 'one', port: 80 },
    ]);
  });

  it('watch prints every change until it is interrupted', async () => {
    const watching = run('watch', 'web');
    await until('the first list', () => out.length === 1);
    await announce('two', 81);
    await until('the second', () => out.includes('added\tweb\t10.0.0.1:81\ttwo\tblue,v2'));
    await session.remove({ kind: 'instance', service: 'web', id: 'one' }, NEVER);
    await until('its end', () => out.includes('removed\tweb\t10.0.0.1:80\tone\tblue,v2'));
    interrupt.abort();
    expect(await watching).toBe(0);
    expect(err).toEqual([]);
  });

  it('reads the services of a ContainerPilot configuration', async () => {
    expect(
      await run(
        'ls',
        '--registry',
        URL,
        '--config',
        '{ consul: "c:8500", watches: [{ name: "web", interval: 3 }] }',
      ),
    ).toBe(0);
    expect(out).toHaveLength(1);
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /Usage: piloted COMMAND/],
    ['an unknown command', ['list'], /Usage: piloted COMMAND/],
    ['no service', ['ls'], /Expected at least one service/],
    ['an unknown flag', ['ls', '--tga', 'x'], /tga/],
    ['an unknown registry', ['ls', '--registry', 'zk://a', 'web'], /Expected `registry`/],
  ])('exits with 1 for %s', async (_name, args, sentence) => {
    expect(await run(...args)).toBe(1);
    expect(err.join('\n')).toMatch(sentence);
  });

  it('prints its usage', async () => {
    expect(await run('--help')).toBe(0);
    expect(await run('ls', '--help')).toBe(0);
    expect(out.join('\n')).toContain('piloted watch [OPTIONS] SERVICE...');
  });
});
