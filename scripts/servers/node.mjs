import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolders, isProgram, place, workFolder } from './cache.mjs';
import { npm } from '../dependencies.mjs';
import { run } from './run.mjs';

/** The releases of Node for the tests, by line. Each is an npm package that holds nothing but the binary. */
export const NODE_RELEASES = Object.freeze({
  20: '20.20.2',
  22: '22.23.5',
  24: '24.22.3',
  26: '26.12.1',
});

/** With the oldest release that the package supports, which `npm run compatibility` runs. */
const RELEASES = { ...NODE_RELEASES, 20.19: '20.19.6' };

/**
 * Finds the Node binary of a release line: the environment variable, this process, the caches, then the npm package
 * `node-<platform>-<architecture>`, which is downloaded and not installed.
 *
 * @param {'20.19' | 20 | 22 | 24 | 26} line
 * @param {{ env?: NodeJS.ProcessEnv, report?: (line: string) => void }} [options]
 * @returns {Promise<string>} the path
 * @throws an error that names every way to provide it
 */
export async function nodeBinary(line, { env = process.env, report = () => {} } = {}) {
  const variable = `NODE${String(line).replace('.', '_')}_BIN`;
  const tried = [];
  if (env[variable]) {
    const wrong = await fault(line, env[variable]);
    if (!wrong) return env[variable];
    throw missing(line, [`${variable}: ${wrong}`]);
  }
  tried.push(`${variable}: not set`);
  if (!(await fault(line, process.execPath))) return process.execPath;
  const caches = cacheFolders(env);
  for (const cache of caches) {
    const path = join(cache, `node-${line}`);
    if (!(await isProgram(path))) continue;
    const wrong = await fault(line, path);
    if (!wrong) return path;
    tried.push(`cache: ${wrong}`);
  }
  if (env.SIDEKICK_OFFLINE) tried.push('package: not downloaded, since SIDEKICK_OFFLINE is set');
  else {
    try {
      return await download(line, caches, report);
    } catch (error) {
      tried.push(`package: ${error.message}`);
    }
  }
  throw missing(line, tried);
}

async function download(line, caches, report) {
  const name = `node-${process.platform}-${process.arch}@${RELEASES[line]}`;
  report(`Node ${line}: downloading ${name} ...`);
  const folder = await workFolder(caches);
  try {
    const [command, ...args] = npm();
    await run(command, [...args, 'pack', '--silent', name], { cwd: folder, timeout: 180_000 });
    const archive = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
    if (!archive) throw new Error(`npm pack ${name} wrote no archive`);
    await run('tar', ['-xzf', archive, 'package/bin/node'], { cwd: folder });
    const program = join(folder, 'package', 'bin', 'node');
    const wrong = await fault(line, program);
    if (wrong) throw new Error(wrong);
    const placed = [];
    for (const cache of caches)
      await place(program, join(cache, `node-${line}`)).then(
        (path) => placed.push(path),
        () => undefined,
      );
    if (!placed[0]) throw new Error(`no cache folder is writable (${caches.join(', ')})`);
    return placed[0];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns why a program cannot be used, or undefined. */
async function fault(line, path) {
  try {
    const version = (await run(path, ['--version'], { timeout: 20_000 })).trim();
    return version.startsWith(`v${line}.`) ? undefined : `${path} is not Node ${line}, it reports ${version}`;
  } catch (error) {
    return error.message;
  }
}

function missing(line, tried) {
  return new Error(
    [
      `Expected Node ${line} for the tests, found none. To provide it:`,
      `  - set NODE${String(line).replace('.', '_')}_BIN to the path of the program`,
      `  - or let npm download node-${process.platform}-${process.arch}@${RELEASES[line]}`,
      '  Attempts:',
      ...tried.map((attempt) => `    ${attempt}`),
    ].join('\n'),
  );
}
