import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure, load } from '../../test/harness/in-memory/containerpilot.js';
import { expectLinear } from '../../test/harness/in-memory/growth.js';
import { checkContainerPilot } from './index.js';

const DOCUMENTATION = readFileSync(new URL('../../docs/containerpilot.md', import.meta.url), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'containerpilot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function save(text: string, name = 'pilot.json5'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

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

  const MANY: Readonly<Record<string, (count: number) => string>> = {
    problems: (count) => `{watches: [${'{},'.repeat(count)}]}`,
    'unknown names': (count) => `{${Array.from({ length: count }, (_, i) => `a${i}:1`).join(',')}}`,
    'missing commas': (count) => `{logging: [\n${'1\n'.repeat(count)}]}`,
    duplicates: (count) => `{watches: [${'{name:"db",interval:1,x:1},'.repeat(count)}]}`,
  };

  it.each(Object.entries(MANY))('are found in linear time: %s', (_what, text) => {
    // A long text before the problems: one pass over it for each of them takes minutes.
    const long = text(10_000).replace('{', `{${'//\n'.repeat(40_000)}`);
    expectLinear(() => {
      for (const problem of checkContainerPilot(long, {}).problems)
        expect(problem.line).toBeGreaterThan(40_000);
    });
  });

  it('are limited to twenty', () => {
    expect(checkContainerPilot(MANY.problems!(1_000), {}).problems).toHaveLength(20);
    expect(failure(MANY['unknown names']!(1_000)).message.length).toBeLessThan(20_000);
    const { warnings } = load(MANY['missing commas']!(1_000));
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe('… and more.');
    expect(load(MANY.duplicates!(1_000)).warnings).toHaveLength(21);
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
