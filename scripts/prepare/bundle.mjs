/**
 * `node scripts/prepare/bundle.mjs COMPILED OUT`: makes the files that are published of what the compiler wrote. One
 * file for each entry of package.json and each worker thread, and chunks for what they share or load later.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The entries, of `exports` and `bin` in package.json: what `./dist/consul/index.js` is compiled from, by
 * `consul/index`.
 *
 * @param {{ exports: Record<string, string | { default: string }>, bin?: Record<string, string> }} manifest
 * @returns {{ entries: string[], programs: string[] }} the programs have no declarations
 */
export function entriesOf(manifest) {
  const targets = Object.values(manifest.exports).map((target) => target.default ?? target);
  const names = (paths) =>
    paths.flatMap((path) => /^\.\/dist\/(?<name>.+)\.js$/.exec(path)?.groups?.name ?? []);
  return { entries: names(targets), programs: names(Object.values(manifest.bin ?? {})) };
}

const inputs = (folder, names, ending) =>
  Object.fromEntries(names.map((name) => [name, join(folder, `${name}${ending}`)]));

/** Every package stays a package: what is installed once must be loaded once. */
const external = (id) => !/^(\.|\/|\0)/.test(id) && id !== 'class-validator';

/** Reads the compiler's source maps, so that the bundle's name the TypeScript, and drops the references to them. */
const compilerMaps = {
  name: 'compiler-maps',
  load: {
    filter: { id: /\.js$/ },
    handler: async (id) => {
      const [code, map] = await Promise.all([readFile(id, 'utf8'), readFile(`${id}.map`, 'utf8')]);
      return { code: code.replace(/^\/\/# sourceMappingURL=.*$/m, ''), map: JSON.parse(map) };
    },
  },
};

/** Makes an entry of each file that is started as a worker thread: `new Worker(new URL('./worker.js', import.meta.url))`. */
const workers = {
  name: 'workers',
  transform(code, id) {
    return code.replace(/new URL\('(\.[^']+\.js)', import\.meta\.url\)/g, (_, path) => {
      const file = resolve(id, '..', path);
      // A bundler's output may have a `worker.js` of the application's own in the same place.
      const name = `nestjs-sidekick-${basename(file, '.js')}`;
      const reference = this.emitFile({ type: 'chunk', id: file, name });
      return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
    });
  },
};

/**
 * Imports from class-validator, by the files that define them: its index loads a hundred more, and the packages
 * `validator` and `libphonenumber-js` with them.
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
 * The files that every application loads with the main entry, without those that need Nest, which the programs and the
 * worker threads do without.
 */
async function coreOf(main) {
  const needs = new Map();
  const visit = async (file) => {
    if (needs.has(file)) return;
    const text = await readFile(file, 'utf8');
    // `import {} from` is what the compiler leaves of an import of types.
    const ids = [...text.matchAll(/^(?:import|export) (?!\{\} ).*?from '([^']+)';$/gm)].map(([, id]) => id);
    const files = ids.filter((id) => id.startsWith('.')).map((id) => resolve(file, '..', id));
    needs.set(file, { files, nest: ids.some((id) => id.startsWith('@nestjs/')) });
    await Promise.all(files.map(visit));
  };
  await visit(main);
  const needsNest = (file, seen = new Set()) => {
    const { files, nest } = needs.get(file);
    return nest || files.some((next) => !seen.has(next) && seen.add(next) && needsNest(next, seen));
  };
  return new Set([...needs.keys()].filter((file) => !needsNest(file)));
}

async function scripts(compiled, out, names) {
  const core = await coreOf(join(compiled, 'index.js'));
  const bundle = await rolldown({
    cwd: root,
    input: inputs(compiled, names, '.js'),
    platform: 'node',
    tsconfig: false,
    external,
    plugins: [compilerMaps, workers, classValidator()],
    treeshake: { moduleSideEffects: (_id, isExternal) => !isExternal },
    onLog: fail,
    checks,
  });
  return await bundle.write({
    dir: out,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: [{ name: 'core', test: (id) => core.has(id) || id === '\0class-validator' }] },
    keepNames: true,
    minify: false,
    sourcemap: true,
    // Written in a folder of .cache, to be moved to dist, which is less deep.
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

/** How long plugins take is a fault of a busy machine and not of the bundle. */
const checks = { pluginTimings: false };

/** A warning of the bundler is a fault of the bundle. */
function fail(level, log, report) {
  if (level === 'warn') throw new Error(log.message);
  report(level, log);
}

export async function bundle(compiled, out) {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { entries, programs } = entriesOf(manifest);
  await rm(out, { recursive: true, force: true });
  await scripts(compiled, out, [...entries, ...programs]);
  await declarations(compiled, out, entries);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundle(...process.argv.slice(2).map((path) => resolve(path)));
