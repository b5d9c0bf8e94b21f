import { access, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './step.mjs';

/** Folder of the compiler's output, one file per source. `dist` is bundled from it. */
export const COMPILED = join('.cache', 'compiled');

/** Folder of the dashboard's built page, and of its sources. */
export const PAGE = join('.cache', 'page');
const PAGE_SOURCE = join('lib', 'dashboard', 'page');

/**
 * Builds the library and then the sample, each only if a source is newer than the last build.
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
    newest: 'common/run.js',
    run: (fresh) => [tsc, '-p', 'sample/tsconfig.build.json', '--outDir', fresh],
  });
}

/** Builds the dashboard's page into `.cache/page`, where sources that are not bundled read it. */
export async function buildPage(root) {
  await refresh({
    root,
    title: 'Building the page',
    sources: [PAGE_SOURCE, 'scripts/prepare/page.mjs', 'package-lock.json'],
    output: join(root, PAGE),
    newest: 'page.html',
    run: (fresh) => [join(root, 'scripts', 'prepare', 'page.mjs'), fresh],
  });
}

/** Compiles the library and bundles it into `dist`. Replaces the output of `nest build` there. */
export async function buildLibrary(root) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = join(root, COMPILED);
  await buildPage(root);
  // `npm run types` checks the types, of everything at once.
  const flags = ['--sourceMap', '--inlineSources', '--noCheck'];
  await refresh({
    root,
    title: 'Compiling the library',
    sources: ['lib', 'tsconfig.json', 'tsconfig.build.json'],
    output: compiled,
    newest: 'index.js',
    run: (fresh) => [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh, ...flags],
  });
  await refresh({
    root,
    title: 'Bundling the library',
    sources: [
      join(COMPILED, 'index.js'),
      join(PAGE, 'page.html'),
      'package.json',
      'package-lock.json',
      'scripts/prepare/bundle.mjs',
    ],
    output: join(root, 'dist'),
    newest: 'chunks/core.js',
    run: (fresh) => [join(root, 'scripts', 'prepare', 'bundle.mjs'), compiled, fresh],
  });
}

/**
 * Builds into a temporary folder, then swaps it with the output. A running program and an interrupted build therefore see
 * either the old or the new output.
 *
 * @param newest file in the output whose modification time is the time of the build
 * @param run returns the arguments for Node that write the new output
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
    // The start of the build, so that a source saved during the build counts as newer.
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

/** Returns the latest modification time of a file or of a folder's files, in milliseconds. Ignores specs and `dist`. */
async function changed(path) {
  const own = await stat(path);
  if (!own.isDirectory()) return own.mtimeMs;
  const names = (await readdir(path)).filter((name) => name !== 'dist' && !name.endsWith('.spec.ts'));
  const times = await Promise.all(names.map((name) => changed(join(path, name))));
  return Math.max(0, ...times);
}
