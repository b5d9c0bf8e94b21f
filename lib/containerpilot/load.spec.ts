import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure, load } from '../../test/harness/in-memory/containerpilot.js';
import { ConfigError, loadContainerPilot } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'containerpilot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function save(text: string, name = 'pilot.json5'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('location of the configuration', () => {
  const path = save('{ consul: "agent:8500", watches: [{ name: "db", interval: 3 }] }');

  it.each([
    ['a path', path, {}],
    ['a file:// URL', `file://${path}`, {}],
    ['CONTAINERPILOT with a path', '', { CONTAINERPILOT: path }],
    ['CONTAINERPILOT with a file:// URL', '', { CONTAINERPILOT: `file://${path}` }],
  ])('is %s', (_name, given, env) => {
    expect(loadContainerPilot(given, env)).toMatchObject({
      file: path,
      watches: [{ name: 'db', interval: 3 }],
    });
  });

  it('can be the configuration itself, as in ContainerPilot 2', () => {
    expect(
      loadContainerPilot('', { CONTAINERPILOT: '{"backends": [{"name": "db", "poll": 2}]}' }),
    ).toMatchObject({
      file: undefined,
      generation: 2,
      watches: [{ name: 'db', interval: 2 }],
    });
  });

  it.each([[{}], [{ CONTAINERPILOT: '' }], [{ CONTAINERPILOT: ' ' }]])('is required', (env) => {
    expect(() => loadContainerPilot('', env)).toThrow('undefined configfile');
  });

  it('is the path if both the path and CONTAINERPILOT are set', () => {
    expect(loadContainerPilot(path, { CONTAINERPILOT: '/nowhere' }).file).toBe(path);
  });

  it('must be a regular file of at most 1 MiB', () => {
    mkdirSync(join(folder, 'sub'));
    const large = save(`{}${' '.repeat(1_048_576)}`, 'large.json');
    expect(() => loadContainerPilot(join(folder, 'missing.json'), {})).toThrow(/missing\.json: .*ENOENT/);
    expect(() => loadContainerPilot(join(folder, 'sub'), {})).toThrow(/Expected a file/);
    expect(() => loadContainerPilot(large, {})).toThrow(/1048576 bytes/);
    expect(() => loadContainerPilot('\0', {})).toThrow(ConfigError);
    const full = save(`{}${' '.repeat(1_048_574)}`, 'full.json');
    expect(loadContainerPilot(full, {}).watches).toEqual([]);
    expect(() => loadContainerPilot(`{}${' '.repeat(1_048_575)}`, {})).toThrow(/1048576 bytes/);
  });

  it('may be a file with a byte order mark', () => {
    expect(loadContainerPilot(save('\ufeff{}', 'bom.json'), {}).watches).toEqual([]);
  });
});

describe('a configuration of ContainerPilot 3', () => {
  const text = `{
    consul: { address: "consul.example:8501", scheme: "https", token: "t0", tls: { cafile: "ca.crt", verify: false } },
    logging: { level: "INFO" }, stopTimeout: 5, control: { socket: "/run/cp.socket" }, telemetry: { port: 9090 },
    jobs: [
      { name: "setup", exec: "/bin/setup" },
      {
        name: "app", exec: ["node", "app"], port: {{ .PORT }}, tags: ["a", "b"], interfaces: ["eth1[1]", "static:10.1.1.1"],
        initial_status: "warning", meta: { version: 3, zone: "a" },
        health: { exec: "true", interval: "5", ttl: 10.9, timeout: "1s" },
        consul: { enableTagOverride: true, deregisterCriticalServiceAfter: "10m" },
        when: { source: "setup", once: "exitSuccess" }, restarts: "unlimited"
      },
      { name: "plain", port: "81", health: { interval: 2, ttl: 6 }, tags: "one", interfaces: "inet" }
    ],
    watches: [{ name: "db", interval: 5, tag: "primary", dc: "east" }, { name: "cache", interval: "7" }],
  }`;
  const config = load(text, { PORT: '8080' });

  it('contains the address of Consul', () => {
    expect(config.registry).toEqual({
      kind: 'consul',
      host: 'consul.example',
      port: 8501,
      secure: true,
      token: 't0',
      tls: { caFile: 'ca.crt', verify: false },
    });
  });

  it('contains the watches', () => {
    expect(config.generation).toBe(3);
    expect(config.watches).toEqual([
      { name: 'db', interval: 5, tag: 'primary', dc: 'east' },
      { name: 'cache', interval: 7 },
    ]);
  });

  it('contains the jobs with a port', () => {
    expect(config.services).toEqual([
      {
        name: 'app',
        id: 'app-box',
        port: 8080,
        tags: ['a', 'b'],
        meta: Object.assign(Object.create(null) as object, { version: '3', zone: 'a' }),
        interfaces: ['eth1[1]', 'static:10.1.1.1'],
        initialStatus: 'warning',
        health: { interval: 5, ttl: 10 },
        consul: { enableTagOverride: true, deregisterCriticalServiceAfter: 600 },
      },
      {
        name: 'plain',
        id: 'plain-box',
        port: 81,
        tags: ['one'],
        meta: {},
        interfaces: ['inet'],
        health: { interval: 2, ttl: 6 },
        consul: { enableTagOverride: false },
      },
    ]);
    expect(config.warnings).toEqual([]);
  });

  it('is deeply frozen', () => {
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.services[0]?.tags)).toBe(true);
    expect(Object.isFrozen(config.registry)).toBe(true);
    expect(Object.isFrozen(config.watches[0])).toBe(true);
  });
});

describe('a configuration of ContainerPilot 2', () => {
  it('contains services and backends', () => {
    const config = load(`{
      "consul": "localhost:8500", "preStart": "/bin/x", "coprocesses": [], "tasks": [],
      "services": [
        { "name": "web", "port": 80, "health": "curl x", "poll": 3, "ttl": 10, "interfaces": ["eth0"], "tags": ["t"],
          "consul": { "enableTagOverride": true } },
        { "name": "quiet" }
      ],
      "backends": [{ "name": "db", "poll": 4, "onChange": "reload", "tag": "x", "timeout": "2s" }]
    }`);
    expect(config).toMatchObject({
      generation: 2,
      registry: { host: 'localhost', port: 8500 },
      watches: [{ name: 'db', interval: 4, tag: 'x' }],
      services: [
        {
          name: 'web',
          id: 'web-box',
          port: 80,
          health: { interval: 3, ttl: 10 },
          consul: { enableTagOverride: true },
        },
      ],
      warnings: [],
    });
  });

  it.each(['mysql_primary', 'web.api', 'Rune Cards', '1password', 'x', 'caf\u00e9', 'a/b', '__proto__'])(
    'accepts the name %j with a warning, as ContainerPilot 2 does',
    (name) => {
      const config = load(`{
        "consul": "c:1",
        "services": [{ "name": ${JSON.stringify(name)}, "port": 80, "poll": 3, "ttl": 10 }],
        "backends": [{ "name": ${JSON.stringify(name)}, "poll": 4, "onChange": "reload" }]
      }`);
      expect(config.services).toMatchObject([{ name, id: `${name}-box` }]);
      expect(config.watches).toEqual([{ name, interval: 4 }]);
      expect(config.warnings).toEqual([
        expect.stringMatching(/:4:\d+: `backends\[0\]\.name` is not .*ContainerPilot 3 rejects it/),
        expect.stringMatching(/:3:\d+: `services\[0\]\.name` is not .*ContainerPilot 3 rejects it/),
      ]);
    },
  );

  it.each([
    ['an empty name', '', 'services'],
    ['a name with a control character', 'a\nb', 'services'],
    ['an empty name', '', 'backends'],
    ['a name of 1,025 bytes', 'x'.repeat(1_025), 'backends'],
  ])('rejects %s', (_what, name, list) => {
    const text = `{"${list}": [{ "name": ${JSON.stringify(name)}, "port": 80, "poll": 3, "ttl": 10 }]}`;
    expect(failure(text)).toMatchObject({
      path: `${list}[0].name`,
      message: expect.stringContaining('1 to 1024 bytes') as string,
    });
  });

  it('accepts the deprecated `onStart` with a warning', () => {
    const { generation, warnings } = load('{"consul": "c:1", "onStart": "/bin/x"}');
    expect([generation, warnings]).toEqual([
      2,
      ['configuration:1:30: `onStart` is deprecated; use `preStart`.'],
    ]);
    const both = load('{"consul": "c:1", "onStart": "/bin/x", "preStart": "/bin/y"}');
    expect(both.warnings).toHaveLength(1);
  });

  it('is required for `onStart`', () => {
    const text = '{"onStart": "/bin/x", "watches": []}';
    expect(failure(text).message).toContain('Expected the names of one generation, got `onStart`');
  });

  it.each([
    ['{etcd: {endpoints: "http://e1:2379"}}', ['http://e1:2379'], '/containerpilot'],
    [
      '{etcd: {endpoints: ["e1:4001", "https://e2:2379/"], prefix: "/my"}}',
      ['http://e1:4001', 'https://e2:2379'],
      '/my',
    ],
    ['{etcd: {endpoints: "HTTPS://e1:4001"}}', ['https://e1:4001'], '/containerpilot'],
    ['{etcd: {endpoints: "[::1]:4001", prefix: "my/own"}}', ['http://[::1]:4001'], '/my/own'],
  ])('may use etcd: %s', (text, endpoints, prefix) => {
    expect(load(text).registry).toEqual({ kind: 'etcd', endpoints, prefix });
  });

  it.each([
    '{etcd: {}}',
    '{etcd: {endpoints: []}}',
    '{etcd: {endpoints: ["http://me:pw@e1:1"]}}',
    '{etcd: {endpoints: {}}}',
    '{etcd: {endpoints: "http://"}}',
    '{etcd: {endpoints: "http://e1:1/base"}}',
    '{etcd: {endpoints: "http://e1:1?a=b"}}',
    '{etcd: {endpoints: "e1:1", prefix: "a\\nb"}}',
    '{etcd: {endpoints: "e1:1", prefix: []}}',
    '{etcd: "e1"}',
    '{etcd: {endpoints: "e1:1"}, consul: "c:1"}',
  ])('rejects %s', (text) => {
    expect(failure(text).path).toMatch(/^etcd/);
    expect(failure(text).message).not.toContain('pw');
  });

  it('may not contain names of ContainerPilot 3', () => {
    expect(failure('{backends: [], watches: []}').message).toContain('one generation');
  });
});
