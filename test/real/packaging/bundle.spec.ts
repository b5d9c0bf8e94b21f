import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { packed, root } from './tarball.js';

interface SourceMap {
  readonly sources: readonly string[];
}

/** Prints each module that a program loads, by its path or URL, on a line that begins with "loaded ". */
const TRACE = `
import Module, { register } from 'node:module';
const hooks = "import { writeSync } from 'node:fs';" +
  "export const load = async (url, context, next) => (writeSync(1, 'loaded ' + url + '\\\\n'), await next(url, context));";
register('data:text/javascript,' + encodeURIComponent(hooks));
process.on('exit', () => {
  for (const path of Object.keys(Module._cache)) console.log('loaded ' + path);
});
`;

/** Prints the exports of every entry that are functions or classes by another name, and those that differ by entry. */
const EXPORTS = `
import { readFileSync } from 'node:fs';
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const seen = new Map();
const problems = [];
for (const path of Object.keys(exports).filter((name) => !name.endsWith('.json'))) {
  for (const [name, value] of Object.entries(await import('nestjs-sidekick' + path.slice(1)))) {
    if (typeof value === 'function' && value !== Object && value.name !== name)
      problems.push(path + ' exports ' + value.name + ' as ' + name);
    if (seen.has(name) && seen.get(name) !== value) problems.push(path + ' has a ' + name + ' of its own');
    seen.set(name, value);
  }
}
console.log(JSON.stringify({ count: seen.size, problems }));
`;

/** Throws inside the library, and prints the stack. */
const STACK = `
import { memory } from 'nestjs-sidekick';
import { checkContainerPilot } from 'nestjs-sidekick/containerpilot';
const throwing = new Proxy({}, { get: () => { throw new Error('from a getter'); } });
for (const run of [() => memory(throwing), () => checkContainerPilot('', throwing)]) {
  try {
    run();
  } catch (error) {
    console.log(error.stack);
  }
}
`;

describe('The bundle', () => {
  let folder: string;
  let files: readonly string[];
  let maps: readonly SourceMap[];
  const run = async (program: string, ...flags: string[]): Promise<string> =>
    await shell(process.execPath, [...flags, '--input-type=module', '--eval', program], { cwd: root });

  beforeAll(async () => {
    folder = await tempFolder('bundle');
    files = (await packed()).files.filter((path) => path.startsWith('dist/'));
    maps = await Promise.all(
      files
        .filter((path) => path.endsWith('.map'))
        .map(async (path) => JSON.parse(await readFile(join(root, path), 'utf8')) as SourceMap),
    );
    await writeFile(join(folder, 'trace.mjs'), TRACE);
  }, 600_000);
  afterAll(async () => {
    await removeFolder(folder);
  });

  it('is made of few files', () => {
    expect(files.filter((path) => path.endsWith('.js')).length).toBeLessThan(50);
    expect(files.filter((path) => path.endsWith('.d.ts')).length).toBeLessThan(40);
  });

  it('holds each source once, in one file', async () => {
    const sources = maps.flatMap((map) => map.sources.map((source) => source.replace(/^(\.\.\/)+/, '')));
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.filter((source, index) => sources.indexOf(source) !== index)).toEqual([]);
  });

  it('gives every class and function its name, and the same one by every entry', async () => {
    const { count, problems } = JSON.parse(await run(EXPORTS)) as {
      readonly count: number;
      readonly problems: readonly string[];
    };
    expect(count).toBeGreaterThan(50);
    expect(problems).toEqual([]);
  });

  it('names the sources in stack traces', async () => {
    const said = await run(STACK, '--enable-source-maps');
    expect(said).toMatch(/ memory \(?\S*\/lib\/registries\/memory\/memory\.ts:\d+:\d+/);
    expect(said).toMatch(/\/lib\/containerpilot\/load\.ts:\d+:\d+/);
  });

  it('loads only what an application uses', async () => {
    const app = join(root, 'test', 'bench', 'rows', 'boot-app.mjs');
    const trace = pathToFileURL(join(folder, 'trace.mjs')).href;
    const said = await shell(process.execPath, ['--import', trace, app, 'sidekick'], { cwd: root });
    const loaded = [...said.matchAll(/^loaded (.*)$/gm)].map(([, module]) => module!);
    const ours = loaded.filter((module) => module.includes(`${root}dist/`));
    expect(ours.map((module) => basename(module))).toContain('index.js');
    expect(ours.length).toBeLessThan(8);
    const packages = new Set(
      loaded.flatMap((module) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? []),
    );
    expect([...packages]).toEqual(expect.arrayContaining(['@nestjs/core', 'class-validator']));
    for (const unused of ['@nestjs/schedule', 'etcd3', '@grpc/grpc-js', 'consul', 're2js', 'validator'])
      expect(packages).not.toContain(unused);
    expect(loaded.filter((module) => /class-validator\/(cjs\/index|.*decorators)\.js/.test(module))).toEqual(
      [],
    );
    const sources = await Promise.all(
      ours.map(async (module) => await readFile(new URL(`${module}.map`), 'utf8').catch(() => '')),
    );
    const used = sources
      .filter((text) => text !== '')
      .flatMap((text) => (JSON.parse(text) as SourceMap).sources);
    expect(used.length).toBeGreaterThan(50);
    const late = [
      'containerpilot/template/',
      'containerpilot/json5/',
      'containerpilot/schema/',
      'registration/worker/worker-registrar.ts',
      'etcd-client/transport.ts',
      'etcd-client/keys/',
      'registries/etcd/etcd-registry.ts',
      'registries/consul/client.ts',
      'registries/file/folder.ts',
      'testing/',
    ];
    const shipped = maps.flatMap((map) => map.sources);
    for (const path of late) {
      expect({ path, shipped: shipped.some((source) => source.includes(`lib/${path}`)) }).toEqual({
        path,
        shipped: true,
      });
    }
    expect(used.filter((source) => late.some((path) => source.includes(`lib/${path}`)))).toEqual([]);
  });
});
