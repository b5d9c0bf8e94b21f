/**
 * `node scripts/prepare/bundle.mjs COMPILED OUT`: bundles the compiler's output into the published files: one file for each
 * entry of package.json and for each worker thread, and chunks for code that they share or load later.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Returns the entries in `exports` and `bin` of package.json by their path in `dist` without the extension:
 * `./dist/consul/index.js` is `consul/index`.
 *
 * @param {{ exports: Record<string, string | { default: string }>, bin?: Record<string, string> }} manifest
 * @returns {{ entries: string[], programs: string[] }} programs have no declaration files
 */
export function entriesOf(manifest) {
  const targets = Object.values(manifest.exports).map((target) => target.default ?? target);
  const names = (paths) =>
    paths.flatMap((path) => /^\.\/dist\/(?<name>.+)\.js$/.exec(path)?.groups?.name ?? []);
  return { entries: names(targets), programs: names(Object.values(manifest.bin ?? {})) };
}

const inputs = (folder, names, ending) =>
  Object.fromEntries(names.map((name) => [name, join(folder, `${name}${ending}`)]));

/** Development dependencies, and their own, that are part of the published files. */
const BUNDLED = new Set(['string-width', 'strip-ansi', 'ansi-regex', 'emoji-regex', 'get-east-asian-width']);

/** Keeps every other package external, so that a package that is installed once is loaded once. */
const external = (id) => !/^(\.|\/|\0)/.test(id) && id !== 'class-validator' && !BUNDLED.has(id);

/** What the compiler leaves of a reference to the source map, and of an import of types only, which would load the file. */
const LEFTOVERS = /^(?:\/\/# sourceMappingURL=.*|import \{\} from '.*';)$/gm;

/** Reads the compiler's source maps, so that those of the bundle name the TypeScript sources, and drops its leftovers. */
const compilerMaps = {
  name: 'compiler-maps',
  load: {
    filter: { id: { include: /\.js$/, exclude: /node_modules/ } },
    handler: async (id) => {
      const [code, map] = await Promise.all([readFile(id, 'utf8'), readFile(`${id}.map`, 'utf8')]);
      return { code: code.replace(LEFTOVERS, ''), map: JSON.parse(map) };
    },
  },
};

/** Emits an entry for each file that is started as a worker thread: `new Worker(new URL('./worker.js', import.meta.url))`. */
const workers = {
  name: 'workers',
  transform(code, id) {
    return code.replace(/new URL\('(\.[^']+\.js)', import\.meta\.url\)/g, (_, path) => {
      const file = resolve(id, '..', path);
      // An application's bundle may have its own `worker.js` in the same folder.
      const name = `nestjs-sidekick-${basename(file, '.js')}`;
      const reference = this.emitFile({ type: 'chunk', id: file, name });
      return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
    });
  },
};

/** Puts the dashboard's page into the module that reads it, so that no bundled application has to ship the file. */
const page = {
  name: 'page',
  load: {
    order: 'pre',
    filter: { id: /dashboard\/page-source\.js$/ },
    handler: async (id) => {
      const [html, map] = await Promise.all([
        readFile(join(root, '.cache', 'page', 'page.html'), 'utf8'),
        readFile(`${id}.map`, 'utf8'),
      ]);
      const code = `const PAGE = ${JSON.stringify(html)};\nexport const readPage = () => PAGE;`;
      return { code, map: { ...JSON.parse(map), mappings: 'AAAA' } };
    },
  },
};

/**
 * Replaces imports of class-validator's index by imports of the files that define the names: the index loads a hundred
 * more files, and the packages `validator` and `libphonenumber-js`.
 */
function classValidator() {
  const folder = join(createRequire(import.meta.url).resolve('class-validator/package.json'), '..', 'cjs');
  return {
    name: 'class-validator',
    resolveId: (id) => (id === 'class-validator' ? '\0class-validator' : undefined),
    async load(id) {
      if (id !== '\0class-validator') return undefined;
      const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
      const lines = [];
      for (const file of files.map((name) => name.split(sep).join('/')).sort()) {
        const text = await readFile(join(folder, file), 'utf8');
        const names = [...text.matchAll(/^exports\.(\w+) = \1;$/gm)].map(([, name]) => name);
        if (names.length > 0)
          lines.push(`export { ${names.join(', ')} } from 'class-validator/cjs/${file}';`);
      }
      return { code: lines.join('\n'), moduleSideEffects: false };
    },
  };
}

/**
 * Returns the files that every application loads with the main entry: `core` without those that need Nest, which the programs
 * and the worker threads do not load, and `nest` with these. Two files instead of many small ones boot faster.
 */
async function partsOf(main) {
  const needs = new Map();
  const visit = async (file) => {
    if (needs.has(file)) return;
    const text = (await readFile(file, 'utf8')).replace(LEFTOVERS, '');
    const ids = [...text.matchAll(/^(?:import|export) .*?from '([^']+)';$/gm)].map(([, id]) => id);
    const files = ids.filter((id) => id.startsWith('.')).map((id) => resolve(file, '..', id));
    needs.set(file, { files, nest: ids.some((id) => id.startsWith('@nestjs/')) });
    await Promise.all(files.map(visit));
  };
  await visit(main);
  const needsNest = (file, seen = new Set()) => {
    const { files, nest } = needs.get(file);
    return nest || files.some((next) => !seen.has(next) && seen.add(next) && needsNest(next, seen));
  };
  const files = [...needs.keys()].filter((file) => file !== main);
  return {
    core: new Set(files.filter((file) => !needsNest(file))),
    nest: new Set(files.filter((file) => needsNest(file))),
  };
}

async function scripts(compiled, out, names) {
  const { core, nest } = await partsOf(join(compiled, 'index.js'));
  const bundle = await rolldown({
    cwd: root,
    input: inputs(compiled, names, '.js'),
    platform: 'node',
    tsconfig: false,
    external,
    plugins: [page, compilerMaps, workers, classValidator()],
    treeshake: { moduleSideEffects: (_id, isExternal) => !isExternal },
    onLog: fail,
    checks,
  });
  return await bundle.write({
    dir: out,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: {
      groups: [
        { name: 'core', test: (id) => core.has(id) || id === '\0class-validator' },
        { name: 'nest', test: (id) => nest.has(id) },
      ],
    },
    keepNames: true,
    minify: false,
    sourcemap: true,
    // The bundle is written to a folder of .cache and then moved to dist, which is less deep.
    sourcemapPathTransform: (source) =>
      source.slice('../'.length * (relative(root, out).split(sep).length - 1)),
  });
}

async function declarations(compiled, out, names) {
  const bundle = await rolldown({
    cwd: root,
    input: inputs(compiled, names, '.d.ts'),
    external,
    plugins: [dts({ dtsInput: true, emitDtsOnly: true, tsconfig: false, sourcemap: false })],
    onLog: fail,
    checks,
  });
  return await bundle.write({ dir: out, format: 'es', chunkFileNames: 'chunks/[name].d.ts' });
}

/** Writes the licences of the packages in the bundle to `third-party-licenses.txt`, as the licences require. */
async function licences({ output }, out) {
  const modules = output.flatMap((file) => Object.keys(file.modules ?? {}));
  const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id) ?? []);
  const parts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`Expected the bundled package ${name} to have a licence file.`);
    return `${name} ${version}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  const text = (await Promise.all(parts)).join(`\n${'-'.repeat(72)}\n\n`);
  if (text !== '') await writeFile(join(out, 'third-party-licenses.txt'), text);
}

/** The duration of plugins depends on the load of the machine, so it is no warning. */
const checks = { pluginTimings: false };

/** Turns a warning of the bundler into an error. */
function fail(level, log, report) {
  if (level === 'warn') throw new Error(log.message);
  report(level, log);
}

/**
 * Copies the collection of schematics and their schemas, and returns the entries of their factories: `./nest-add.js#nestAdd`
 * in `dist/schematics/collection.json` is `schematics/nest-add`.
 */
async function schematics(manifest, out) {
  const folder = dirname(manifest.schematics).replace(/^\.\/dist\//, '');
  const source = join(root, 'lib', folder);
  const files = (await readdir(source)).filter((name) => name.endsWith('.json'));
  await mkdir(join(out, folder), { recursive: true });
  for (const name of files) await copyFile(join(source, name), join(out, folder, name));
  const collection = JSON.parse(await readFile(join(source, basename(manifest.schematics)), 'utf8'));
  return Object.values(collection.schematics).map(
    ({ factory }) => `${folder}/${/^\.\/(?<name>.+)\.js#/.exec(factory).groups.name}`,
  );
}

export async function bundle(compiled, out) {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { entries, programs } = entriesOf(manifest);
  await rm(out, { recursive: true, force: true });
  const written = await scripts(compiled, out, [
    ...entries,
    ...programs,
    ...(await schematics(manifest, out)),
  ]);
  await declarations(compiled, out, entries);
  await licences(written, out);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundle(...process.argv.slice(2).map((path) => resolve(path)));
