import { access, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './step.mjs';

/**
 * Compiles the library, and the sample on top of it, where their sources are newer than what was compiled last.
 *
 * @param {string} root the repository
 */
export async function build(root) {
  const library = join(root, 'dist');
  await compile({
    root,
    title: 'Building the library',
    project: 'tsconfig.build.json',
    sources: ['lib', 'tsconfig.json', 'tsconfig.build.json'],
    output: library,
    entry: 'index.js',
  });
  await compile({
    root,
    title: 'Building the sample',
    project: 'sample/tsconfig.build.json',
    sources: ['sample', 'tsconfig.json', 'dist/index.js'],
    output: join(root, 'sample', 'dist'),
    entry: 'main.js',
  });
}

/** Compiles beside the output and swaps: what runs from it now, and an interrupted build, see all of one or the other. */
async function compile({ root, title, project, sources, output, entry }) {
  const newest = Math.max(...(await Promise.all(sources.map((source) => changed(join(root, source))))));
  const built = await stat(join(output, entry)).catch(() => undefined);
  if (built && built.mtimeMs >= newest) return;
  const started = new Date();
  const fresh = join(root, '.cache', `build-${process.pid}`);
  const old = `${fresh}-old`;
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await mkdir(join(root, '.cache'), { recursive: true });
  try {
    await step(title, process.execPath, [tsc, '-p', project, '--outDir', fresh], { cwd: root });
    // A source that was saved while it was being compiled is newer than this.
    await utimes(join(fresh, entry), started, started);
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
