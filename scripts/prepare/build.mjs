import { access, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './step.mjs';

/** The library as the compiler writes it, a file for each source; `dist` is bundled of these. */
export const COMPILED = join('.cache', 'compiled');

/**
 * Builds the library, and the sample on top of it, where their sources are newer than what was built last.
 *
 * @param {string} root the repository
 */
export async function build(root) {
  await buildLibrary(root);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await refresh({
    root,
    title: 'Building the sample',
    sources: ['sample', 'tsconfig.json', 'dist/index.js'],
    output: join(root, 'sample', 'dist'),
    newest: 'main.js',
    run: (fresh) => [tsc, '-p', 'sample/tsconfig.build.json', '--outDir', fresh],
  });
}

/** Compiles the library and bundles it into `dist`. What `nest build` has left there is replaced. */
export async function buildLibrary(root) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = join(root, COMPILED);
  const maps = ['--sourceMap', '--inlineSources'];
  await refresh({
    root,
    title: 'Compiling the library',
    sources: ['lib', 'tsconfig.json', 'tsconfig.build.json'],
    output: compiled,
    newest: 'index.js',
    run: (fresh) => [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh, ...maps],
  });
  await refresh({
    root,
    title: 'Bundling the library',
    sources: [join(COMPILED, 'index.js'), 'package.json', 'package-lock.json', 'scripts/prepare/bundle.mjs'],
    output: join(root, 'dist'),
    newest: 'chunks/core.js',
    run: (fresh) => [join(root, 'scripts', 'prepare', 'bundle.mjs'), compiled, fresh],
  });
}

/**
 * Builds beside the output and swaps: what runs from it now, and an interrupted build, see all of one or the other.
 *
 * @param newest the file in the output whose time says when it was built
 * @param run the program of Node, with its arguments, that writes a fresh output
 */
async function refresh({ root, title, sources, output, newest, run }) {
  const changes = await Promise.all(sources.map((source) => changed(join(root, source))));
  const built = await stat(join(output, newest)).catch(() => undefined);
  if (built && built.mtimeMs >= Math.max(...changes)) return;
  const started = new Date();
  const fresh = join(root, '.cache', `build-${process.pid}`);
  const old = `${fresh}-old`;
  await mkdir(join(root, '.cache'), { recursive: true });
  try {
    await step(title, process.execPath, run(fresh), { cwd: root });
    // A source that was saved while it was being compiled is newer than this.
    await utimes(join(fresh, newest), started, started);
    if (await exists(output)) await rename(output, old);
    await rename(fresh, output);
  } finally {
    await Promise.all([fresh, old].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

async function exists(path) {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** When a file, or one in a folder, was last changed, in ms; specs and what was compiled do not count. */
async function changed(path) {
  const own = await stat(path);
  if (!own.isDirectory()) return own.mtimeMs;
  const names = (await readdir(path)).filter((name) => name !== 'dist' && !name.endsWith('.spec.ts'));
  const times = await Promise.all(names.map((name) => changed(join(path, name))));
  return Math.max(0, ...times);
}
