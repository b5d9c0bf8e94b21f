import { type RecordedTerminal, recordedTerminal } from '../../test/harness/terminal.js';
import { until } from '../../test/harness/wait.js';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { completeInstance } from '../registry/instance.js';
import { registryPool } from '../registry/registry-pool.js';
import { type Registry, type Session } from '../registry/registry.js';
import { memoryFromUrl } from '../registries/memory/url.js';
import { registrySource } from '../registries/registry-url.js';
import { piloted } from './piloted.js';
import { type Screen, type Terminal } from './terminal.js';

const URL = 'memory:piloted-spec';
const NEVER = new AbortController().signal;

describe('piloted', () => {
  let registry: Registry;
  let session: Session;
  let release: () => Promise<void>;
  let terminal: RecordedTerminal;
  let out: string[];
  let err: string[];

  /** Starts to record again. */
  function record(changes: Partial<Terminal> = {}): void {
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL }, ...changes });
    ({ outLines: out, errLines: err } = terminal);
  }

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const pooled = await registryPool.acquire(registrySource(URL, {}), deps);
    ({ registry } = pooled);
    release = () => pooled.release();
    session = await registry.openSession({ ttl: 60 }, NEVER);
    await announce('one', 80);
    record();
  });
  afterEach(async () => {
    await session.end(NEVER);
    await release();
  });

  async function announce(id: string, port: number, service = 'web'): Promise<void> {
    const instance = completeInstance({
      service,
      id,
      address: '10.0.0.1',
      port,
      tags: ['blue', 'v2'],
    });
    await session.write({ kind: 'instance', instance }, undefined, NEVER);
  }

  const run = (...args: string[]): Promise<number> => piloted(args, terminal);

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

  it('watch says what it waits for, and prints the first instance', async () => {
    const watching = run('watch', 'shop');
    await until('the sentence', () => err.length === 1);
    expect(err[0]).toBe(
      `piloted watch: The registry ${URL} has no instance of service "shop". Waiting for one.`,
    );
    await announce('two', 81, 'shop');
    await until('the instance', () => out.length === 1);
    terminal.interrupt();
    expect(await watching).toBe(0);
  });

  it('watch of all services skips a name that cannot be watched', async () => {
    const { store } = memoryFromUrl(URL);
    const fields = { service: 'evil\nERROR forged', id: 'x', address: '10.0.0.1', port: 1 };
    const instance = completeInstance(fields);
    store.put({ kind: 'instance', instance });
    const watching = run('watch');
    await until('the first list', () => out.length === 1);
    terminal.interrupt();
    expect(await watching).toBe(0);
    expect(out).toEqual(['web\t10.0.0.1:80\tone\tblue,v2']);
    expect(err).toEqual([
      'piloted watch: Skipped "evil\\nERROR forged", which is no valid name of a service.',
    ]);
    store.remove({ kind: 'instance', service: fields.service, id: fields.id });
  });

  it('watch prints every change until it is interrupted', async () => {
    const watching = run('watch', 'web');
    await until('the first list', () => out.length === 1);
    await announce('two', 81);
    await until('the second', () => out.includes('added\tweb\t10.0.0.1:81\ttwo\tblue,v2'));
    await session.remove({ kind: 'instance', service: 'web', id: 'one' }, NEVER);
    await until('its end', () => out.includes('removed\tweb\t10.0.0.1:80\tone\tblue,v2'));
    terminal.interrupt();
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

  it('ls prints the names of all services', async () => {
    await announce('one', 90, 'billing');
    expect(await run('ls')).toBe(0);
    expect(out).toEqual(['billing', 'web']);
    record();
    expect(await run('ls', '--json')).toBe(0);
    expect(out).toEqual(['{"service":"billing"}', '{"service":"web"}']);
  });

  it('ls aligns columns below a header on a terminal', async () => {
    record({ screen: screen(40, 24) });
    expect(await run('ls', 'web')).toBe(0);
    expect(out).toEqual(['SERVICE  ADDRESS      ID   TAGS', 'web      10.0.0.1:80  one  blue,v2']);
  });

  it('ls exits with 1 and a suggestion for an unknown service', async () => {
    expect(await run('ls', 'web', 'wbe')).toBe(1);
    expect(out).toHaveLength(1);
    expect(err).toEqual([
      `piloted ls: The registry ${URL} has no instance of service "wbe". Did you mean "web"?`,
    ]);
  });

  it('escapes control and direction characters in lines and in JSON', async () => {
    await announce('\u202e\u009b31m\u2028', 99, 'evil');
    await run('ls', 'evil');
    await run('ls', 'evil', '--json');
    expect(out[0]).toBe('evil\t10.0.0.1:99\t\\u202e\\u009b31m\\u2028\tblue,v2');
    expect(out[1]).toContain('"id":"\\u202e\\u009b31m\\u2028"');
  });

  it('keys, get: prints keys by prefix, and values', async () => {
    for (const [key, value] of [
      ['/a/1', 'x'],
      ['/a/2', 'y\u001b'],
      ['/b', 'z'],
    ] as const)
      await session.write({ kind: 'key', key, value }, undefined, NEVER);
    expect(await run('keys', '/a/')).toBe(0);
    expect(out).toEqual(['/a/1', '/a/2']);
    record();
    expect(await run('keys', '--values', '--json')).toBe(0);
    expect(out).toEqual([
      '{"key":"/a/1","value":"x"}',
      '{"key":"/a/2","value":"y\\u001b"}',
      '{"key":"/b","value":"z"}',
    ]);
    record();
    // A program receives the value unchanged; a terminal is protected from it.
    expect(await run('get', '/a/2')).toBe(0);
    expect(out).toEqual(['y\u001b']);
    record({ screen: screen(80, 24) });
    expect(await run('get', '/a/2')).toBe(0);
    expect(out).toEqual(['y\\u001b']);
  });

  it('keys prints the other values where one is malformed, and exits with 1', async () => {
    const { store } = memoryFromUrl(URL);
    store.corrupt({ kind: 'key', key: '/m/1' }, 'Expected UTF-8, got bytes.');
    store.put({ kind: 'key', key: '/m/1\n', value: 'x' });
    await session.write({ kind: 'key', key: '/m/2', value: 'x' }, undefined, NEVER);
    expect(await run('keys', '/m/', '--values')).toBe(1);
    expect([out, err]).toEqual([
      ['/m/2\tx'],
      [
        'piloted keys: Skipped the key "/m/1": Expected UTF-8, got bytes.',
        expect.stringMatching(
          /^piloted keys: Skipped the key "\/m\/1\\n": Expected `key` to be a string of /,
        ),
      ],
    ]);
    for (const key of ['/m/1', '/m/1\n']) store.remove({ kind: 'key', key });
  });

  it('keys, get: exit with 1 where nothing is found', async () => {
    expect(await run('keys', '/none')).toBe(1);
    expect(await run('get', 'none')).toBe(1);
    expect(err).toEqual([
      `piloted keys: The registry ${URL} has no key that begins with "/none".`,
      `piloted get: The registry ${URL} has no key "none".`,
    ]);
  });

  it('keys says that a registry holds no keys', async () => {
    expect(await run('keys', '--registry', 'fixed:web=10.0.0.1:80')).toBe(1);
    expect(err.join()).toContain('The fixed registry at fixed:web holds no keys.');
  });

  it('watch shows a table on a terminal, cut to its size, and restores the screen', async () => {
    record({ screen: screen(40, 6) });
    for (let i = 0; i < 9; i += 1) await announce(`n${i}`, 100 + i);
    const watching = run('watch', 'web');
    await until('the table', () => terminal.written.some((text) => text.includes('more')));
    terminal.interrupt();
    expect(await watching).toBe(0);
    const { written } = terminal;
    expect(written[0]).toBe('\u001b[?1049h\u001b[?25l');
    expect(written.at(-1)).toBe('\u001b[?25h\u001b[?1049l');
    const lines = (written[1] ?? '').split('\r\n');
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toContain('… 8 more');
  });

  it('doctor names each check, and exits with 1 where one failed', async () => {
    expect(await run('doctor')).toBe(0);
    expect(out.join('\n')).toMatch(/^ok {7}reachable +answers in \d+ ms$/m);
    record();
    expect(await run('doctor', '--json', '--registry', 'consul://127.0.0.1:1', '--timeout', '5')).toBe(1);
    expect(out.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ check: 'reachable', status: 'failed' }),
    );
  });

  it.each(['bash', 'zsh', 'fish'])('completion prints a script for %s with all commands', async (shell) => {
    expect(await run('completion', shell)).toBe(0);
    for (const word of ['ls', 'watch', 'call', 'keys', 'get', 'doctor', 'check', 'render', 'sidekicker'])
      expect(out[0]).toContain(word);
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /Expected a command, got none[^]*Usage: piloted COMMAND/],
    ['an unknown command', ['wacth'], /got "wacth"\. Did you mean "watch"\?/],
    ['an unknown flag', ['ls', '--jsno'], /got "--jsno"\. Did you mean "json"\?/],
    ['a missing value', ['ls', '--registry'], /`registry` to be followed by URL/],
    ['an unknown registry', ['ls', '--registry', 'zk://a', 'web'], /Expected `registry`/],
    [
      'a registry that cannot list services',
      ['ls', '--registry', 'dns:'],
      /at least one service: the dns registry/,
    ],
    ['an invalid name', ['ls', 'a\u001bb'], /Expected `service`/],
    ['no service to examine', ['doctor', ''], /Expected `SERVICE`/],
    ['no key to examine', ['doctor', '--key', ''], /Expected `key`/],
    ['a timeout of 0', ['ls', '--timeout', '0'], /Expected `timeout`/],
    ['no key', ['get'], /Expected the NAME of a key/],
    ['no path', ['call', 'web'], /Expected a SERVICE and a \/PATH/],
    ['a path without a slash', ['call', 'web', 'health'], /begins with a slash/],
    ['an invalid header', ['call', 'web', '/', '-H', 'x'], /Expected `header`/],
    ['an unknown shell', ['completion', 'csh'], /bash, zsh or fish/],
    ['TLS with a folder', ['ls', '--registry', 'file:', '--ca', 'x'], /Expected an etcd:\/\/ or consul:\/\//],
  ])('exits with 2 and the reason for %s', async (_name, args, sentence) => {
    expect(await run(...args)).toBe(2);
    expect(err.join('\n')).toMatch(sentence);
    expect(err.join('\n')).toContain('Usage: piloted');
  });

  it('prints its version and its help', async () => {
    expect(await run('--version')).toBe(0);
    expect(out[0]).toMatch(/^\d+\.\d+\.\d+/);
    for (const args of [
      ['--help'],
      ['help'],
      ['help', 'ls'],
      ['--help', '--help'],
      ['help', 'help'],
      ['ls', '--help'],
      ['watch', '-h'],
    ])
      expect(await run(...args)).toBe(0);
    expect(out.join('\n')).toContain('Usage: piloted watch [OPTIONS] [SERVICE…]');
    expect(out.join('\n')).toContain('Examples:');
    expect(err).toEqual([]);
  });
});

function screen(columns: number, rows: number): Screen {
  return { size: () => ({ columns, rows }), onResize: () => () => undefined };
}
