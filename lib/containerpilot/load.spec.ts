import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkContainerPilot,
  ConfigError,
  type ContainerPilotConfig,
  type ConsulDescription,
  loadContainerPilot,
} from './index.js';

const DOCUMENTATION = readFileSync(new URL('../../docs/containerpilot.md', import.meta.url), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'containerpilot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function save(text: string, name = 'pilot.json5'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

type Env = Record<string, string>;

function load(text: string, env: Env = {}): ContainerPilotConfig {
  return loadContainerPilot(text, env, { hostname: 'box' });
}

function failure(text: string, env: Env = {}): ConfigError {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('Expected a failure.');
}

function consul(text: string, env: Env = {}): ConsulDescription {
  const { registry } = load(text, env);
  if (registry.kind !== 'consul') throw new Error('Expected Consul.');
  return registry;
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

  it.each([[{}], [{ CONTAINERPILOT: '' }]])('is required', (env) => {
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
  ])('may use etcd: %s', (text, endpoints, prefix) => {
    expect(load(text).registry).toEqual({ kind: 'etcd', endpoints, prefix });
  });

  it.each([
    '{etcd: {}}',
    '{etcd: {endpoints: []}}',
    '{etcd: {endpoints: ["http://me:pw@e1:1"]}}',
    '{etcd: {endpoints: {}}}',
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

describe('consul', () => {
  it.each([
    ['agent:1234', 'agent', 1234, false],
    ['agent', 'agent', 8500, false],
    ['http://agent:1234/', 'agent', 1234, false],
    ['https://agent', 'agent', 443, true],
    ['HTTPS://agent:1', 'agent', 1, true],
    ['[::1]:8500', '::1', 8500, false],
    ['10.0.0.1:80', '10.0.0.1', 80, false],
  ])('is %s', (text, host, port, secure) => {
    expect(consul(JSON.stringify({ consul: text }))).toMatchObject({
      host,
      port,
      secure,
      tls: { verify: true },
    });
  });

  it.each([
    '""',
    '"a b"',
    '"agent:99999"',
    '"ftp://agent"',
    '5',
    '[]',
    '{}',
    '{address: ""}',
    '{address: "a:1", scheme: "x"}',
    '{address: "a:1", tls: {verify: "perhaps"}, scheme: "https"}',
    '"http://me:pw@agent:1"',
  ])('is not %s', (text) => {
    expect(failure(`{consul: ${text}}`).path).toMatch(/^consul/);
    expect(failure(`{consul: ${text}}`).message).not.toContain('pw');
  });

  it('defaults to the agent at CONSUL_HOST and CONSUL_PORT', () => {
    expect(consul('{}')).toMatchObject({ host: 'consul', port: 8500 });
    expect(consul('{}', { CONSUL_HOST: 'c1', CONSUL_PORT: '85' })).toMatchObject({ host: 'c1', port: 85 });
    expect(consul('{}', { CONSUL_HOST: 'http://c1' })).toMatchObject({
      host: 'c1',
      port: 8500,
      secure: false,
    });
    expect(failure('{}', { CONSUL_HOST: 'a b' }).message).toContain('CONSUL_HOST');
  });

  it('is overridden by the environment variables of Consul', () => {
    const env = {
      CONSUL_HTTP_TOKEN: 't1',
      CONSUL_CACERT: 'ca',
      CONSUL_CAPATH: 'cas/',
      CONSUL_CLIENT_CERT: 'crt',
      CONSUL_CLIENT_KEY: 'key',
      CONSUL_TLS_SERVER_NAME: 'name',
      CONSUL_HTTP_SSL_VERIFY: 'false',
    };
    const text = '{consul: {address: "a:1", scheme: "https", token: "t0", tls: {cafile: "x", verify: true}}}';
    expect(consul(text, env)).toMatchObject({
      token: 't1',
      tls: {
        caFile: 'ca',
        caPath: 'cas/',
        certFile: 'crt',
        keyFile: 'key',
        serverName: 'name',
        verify: false,
      },
    });
    expect(consul(text, { CONSUL_HTTP_TOKEN: '' }).token).toBe('t0');
  });

  it('warns about TLS settings without https', () => {
    expect(load('{consul: {address: "a:1", tls: {cafile: "x"}}}').warnings).toEqual([
      expect.stringContaining('`consul.tls` is ignored'),
    ]);
  });
});

describe('problems', () => {
  it('have file, line, column, the line with a caret, the path, and the unset variables', () => {
    const path = save(
      '{\n  consul: "c:1",\n  watches: [\n    { name: "db", interval: 5 },\n    { name: "x1", interval: {{ .N | default 0 }} },\n  ]\n}',
    );
    const { problems } = checkContainerPilot(path, {});
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      code: 'SIDEKICK_CONFIG',
      file: path,
      line: 5,
      column: 29,
      path: 'watches[1].interval',
      source: '    { name: "x1", interval: {{ .N | default 0 }} },\n                            ^',
      unsetVariables: ['N'],
    });
    expect(problems[0]?.message).toContain(`${path}:5:29: Expected \`watches[1].interval\``);
  });

  it('have the message of the example in docs/containerpilot.md', () => {
    const path = save(
      '{\n  consul: "c:1",\n  watches: [\n    { name: "web", interval: 5 },\n    { name: "db", interval: {{ .N | default 0 }} },\n  ]\n}',
    );
    const [shown] = /^\/etc\/containerpilot\.json5:5:29: .*?(?=\n```$)/ms.exec(DOCUMENTATION) ?? [];
    expect(failure(path).message).toBe(shown?.replace('/etc/containerpilot.json5', path));
  });

  it('are not found in the configuration of docs/containerpilot.md', () => {
    const [, example] = /^```json5\n(.*?)^```$/ms.exec(DOCUMENTATION) ?? [];
    const { watches } = load(example ?? '', {
      SERVICE_NAME_0: 'db',
      SERVICE_NAME_3: 'web',
      SERVICE_INTERVAL_3: '5',
    });
    expect(watches).toEqual([
      { name: 'db', interval: 10 },
      { name: 'web', interval: 5 },
    ]);
  });

  it('have the position in the file, not in the rendered text', () => {
    const error = failure('{{range loop 5}}\n\n{{end}}{\n{{- /* c */ -}}\n  wotches: []\n}');
    expect(error).toMatchObject({ line: 5, column: 3, path: 'wotches' });
    expect(error.message).toContain('Did you mean "watches"?');
  });

  it('are all reported at once', () => {
    const { message } = failure(
      '{consul: 1, jobs: 5, watches: [{name: "A", interval: 1}, {name: "db", interval: 0}], x: 1}',
    );
    for (const path of ['consul', 'jobs', 'watches[0].name', 'watches[1].interval', '`x`'])
      expect(message).toContain(path);
  });

  it.each([
    ['{watches: [5]}', 'watches[0]'],
    ['{watches: {}}', 'watches'],
    ['{watches: [{interval: 1}]}', 'watches[0]'],
    ['{watches: [{name: "", interval: 1}]}', 'watches[0].name'],
    ['{watches: [{name: "a_b", interval: 1}]}', 'watches[0].name'],
    ['{watches: [{name: "__proto__", interval: 1}]}', 'watches[0].name'],
    ['{watches: [{name: "db", interval: -1}]}', 'watches[0].interval'],
    ['{watches: [{name: "db", interval: "x"}]}', 'watches[0].interval'],
    ['{watches: [{name: "db", interval: "1.5s"}]}', 'watches[0].interval'],
    ['{watches: [{name: "db", interval: NaN}]}', 'watches[0].interval'],
    ['{watches: [{name: "db", interval: Infinity}]}', 'watches[0].interval'],
    ['{watches: [{name: "db", interval: 1, tag: []}]}', 'watches[0].tag'],
    ['{jobs: [{name: "app", port: 65536}]}', 'jobs[0].port'],
    ['{jobs: [{name: "app", port: "http"}]}', 'jobs[0].port'],
    ['{jobs: [{name: "app", port: 80}]}', 'jobs[0]'],
    ['{jobs: [{name: "app", port: 80, health: {ttl: 5}}]}', 'jobs[0]'],
    ['{jobs: [{name: "app", port: 80, health: {interval: 1, ttl: 0}}]}', 'jobs[0].health.ttl'],
    ['{jobs: [{name: "app", port: 80, health: 5}]}', 'jobs[0].health'],
    ['{jobs: [{port: 80, health: {interval: 1, ttl: 3}}]}', 'jobs[0]'],
    [
      '{jobs: [{name: "app", port: 80, health: {interval: 1, ttl: 3}, interfaces: ["!"]}]}',
      'jobs[0].interfaces',
    ],
    [
      '{jobs: [{name: "app", port: 80, health: {interval: 1, ttl: 3}, initial_status: "ok"}]}',
      'jobs[0].initial_status',
    ],
    ['{jobs: [{name: "app", port: 80, health: {interval: 1, ttl: 3}, meta: []}]}', 'jobs[0].meta'],
    [
      '{jobs: [{name: "app", port: 80, health: {interval: 1, ttl: 3}, consul: {deregisterCriticalServiceAfter: "x"}}]}',
      'jobs[0].consul.deregisterCriticalServiceAfter',
    ],
    ['{services: [{name: "app", port: 80, ttl: 5}]}', 'services[0]'],
    ['[]', 'configuration'],
    ['5', 'configuration'],
    ['{__proto__: 1}', '__proto__'],
  ])('%s', (text, path) => {
    const { problems } = checkContainerPilot(save(text, 'wrong.json5'), {});
    expect(problems.map((problem) => problem.path)).toContain(path);
  });

  it('are limited to twenty, and are found in linear time', () => {
    const problems = checkContainerPilot(`{watches: [${'{},'.repeat(300_000)}]}`, {}).problems;
    expect(problems).toHaveLength(20);
    expect(
      failure(`{${Array.from({ length: 100_000 }, (_, i) => `a${i}:1`).join(',')}}`).message.length,
    ).toBeLessThan(20_000);
    const commas = load(`{logging: [\n${'1\n'.repeat(400_000)}]}`);
    expect(commas.warnings).toHaveLength(21);
    expect(commas.warnings.at(-1)).toBe('… and more.');
    expect(load(`{watches: [${'{name:"db",interval:1,x:1},'.repeat(30_000)}]}`).warnings).toHaveLength(21);
  });

  it('contain no secret', () => {
    const canary = 'c4n4ry';
    const texts = [
      `{consul: {address: 1, token: "${canary}"}, x: 1}`,
      `{consul: {address: "a:1", token: ["${canary}"]}}`,
      `{consul: "http://user:${canary}@host:1"}`,
      '{consul: {address: "a:1", token: "{{.S}}" }, watches: [{name: "{{.S}}", interval: "{{.S}}"}]}',
      '{consul: "{{.S}} {{.S}}"}',
      '{consul: {{.S}}}',
      `{consul: {address: "a:1", token: "${canary}" x}}`,
    ];
    for (const text of texts) {
      const { message, source } = failure(text, { S: canary });
      expect(message).not.toContain(canary);
      expect(source).not.toContain(canary);
    }
  });
});

describe('warnings', () => {
  it.each([
    [
      'a missing comma at the end of a line',
      '{\nconsul: "c:1"\nwatches: []\n}',
      'configuration:2:14: a comma is missing',
    ],
    ['a duplicate name', '{consul: "a:1", consul: "b:1"}', 'Duplicate name "consul"'],
    [
      'an unknown name',
      '{watches: [{name: "db", interval: 1, pol: 3}]}',
      'Unknown name `watches[0].pol` is ignored',
    ],
    [
      'a service that is watched twice',
      '{watches: [{name: "db", interval: 1}, {name: "db", interval: 2}]}',
      'watched twice',
    ],
    ['a watch without interval', '{watches: [{name: "db"}]}', 'using 10 seconds'],
    [
      'a job without TTL',
      '{jobs: [{name: "app", port: 80, health: {interval: 5, tll: 9}}]}',
      'Did you mean "ttl"?',
    ],
  ])('%s', (_name, text, warning) => {
    expect(load(text).warnings.join('\n')).toContain(warning);
  });

  it('mention the default TTL of three intervals', () => {
    const { services } = load('{jobs: [{name: "app", port: 80, health: {interval: 5}}]}');
    expect(services[0]?.health).toEqual({ interval: 5, ttl: 15 });
  });

  it('are not added for names in another case, nulls, and port 0', () => {
    const config = load(
      '{watches: [null, {Name: "db", INTERVAL: "10s", tag: null}], jobs: [{name: "app", port: 0}]}',
    );
    expect(config.watches).toEqual([{ name: 'db', interval: 10 }]);
    expect(config.services).toEqual([]);
    expect(config.warnings).toEqual([]);
  });
});
