import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { aptIsThere, architecture, archives, downloadIndexed, downloadPinned, unpack } from './apt.mjs';
import { cacheFolders, isProgram, onPath, place, workFolder } from './cache.mjs';
import { CATALOGUE } from './catalogue.mjs';
import { ServerMissingError } from './missing.mjs';
import { run } from './run.mjs';

/** The servers for `npm test`. */
export const DEFAULT_SERVERS = Object.freeze(['etcd', 'etcdctl', 'consul']);

/**
 * Finds the servers and downloads missing ones. Looks at the environment variable, the PATH and the caches, then downloads
 * the Debian package with apt. Installs nothing and needs no root. May run in several processes at once.
 *
 * @param {object} [options]
 * @param {readonly string[]} [options.servers] names of the catalogue; by default `DEFAULT_SERVERS`
 * @param {(line: string) => void} [options.report] receives progress, one line at a time
 * @param {NodeJS.ProcessEnv} [options.env] the environment to read
 * @param {readonly string[]} [options.caches] cache folders in search order
 * @returns {Promise<Record<string, string>>} the path of each program
 * @throws {ServerMissingError} names every missing server and how to provide it
 */
export async function provision({
  servers = DEFAULT_SERVERS,
  report = () => {},
  env = process.env,
  caches = cacheFolders(env),
} = {}) {
  const paths = {};
  const missing = new Map();
  for (const name of servers) {
    if (!Object.hasOwn(CATALOGUE, name))
      throw new Error(`Expected one of ${Object.keys(CATALOGUE).join(', ')}, got "${name}"`);
    const tried = [];
    const path =
      (await find(name, env, caches, tried)) ?? (await fetchPackage(name, env, caches, tried, report));
    if (path) paths[name] = path;
    else missing.set(name, tried);
  }
  if (missing.size > 0) throw new ServerMissingError(missing);
  return paths;
}

async function find(name, env, caches, tried) {
  const { env: variable, command, cached } = CATALOGUE[name];
  const named = env[variable];
  if (named) {
    const wrong = await fault(name, named);
    if (!wrong) return named;
    // A program that was named explicitly is never silently replaced.
    throw new ServerMissingError(new Map([[name, [`${variable}: ${wrong}`]]]));
  }
  tried.push(`${variable}: not set`);
  if (command) {
    const path = await onPath(command, env);
    const wrong = path ? await fault(name, path) : `no \`${command}\``;
    if (path && !wrong) return path;
    tried.push(`PATH: ${wrong}`);
  }
  for (const cache of caches) {
    const path = join(cache, cached);
    if (!(await isProgram(path))) continue;
    const wrong = await fault(name, path);
    if (!wrong) return path;
    tried.push(`cache: ${wrong}`);
  }
  return undefined;
}

/** Returns why a program cannot be used, or undefined. */
async function fault(name, path) {
  const { versionArgs, versions, wanted } = CATALOGUE[name];
  if (!(await isProgram(path))) return `${path} is not an executable program`;
  try {
    const said = await run(path, versionArgs, { timeout: 20_000 });
    return versions.test(said) ? undefined : `${path} is not ${wanted}: it reports "${said.split('\n')[0]}"`;
  } catch (error) {
    return error.message;
  }
}

async function fetchPackage(name, env, caches, tried, report) {
  const { title, package: debian, suite, binary, cached, pinned } = CATALOGUE[name];
  if (env.SIDEKICK_OFFLINE) return void tried.push('package: not downloaded, since SIDEKICK_OFFLINE is set');
  if (!(await aptIsThere())) return void tried.push('package: this system has no apt');
  const began = performance.now();
  let folder;
  try {
    folder = await workFolder(caches);
    const exact = pinned[await architecture()];
    for (const archive of await archives()) {
      const ways = [
        ...(exact ? [['the pinned package', () => downloadPinned(archive, exact, folder)]] : []),
        [`${suite}'s package index`, () => downloadIndexed(archive, suite, debian, folder)],
      ];
      for (const [way, download] of ways) {
        report(`${title}: downloading ${debian} from ${way} ...`);
        try {
          const root = join(folder, 'root');
          await unpack(await download(), root);
          const wrong = await fault(name, join(root, binary));
          if (wrong) throw new Error(wrong);
          const path = await keep(join(root, binary), cached, caches);
          report(`${title}: ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
          return path;
        } catch (error) {
          tried.push(`${way}: ${error.message}`);
        }
      }
    }
  } catch (error) {
    tried.push(`package: ${error.message}`);
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
  return undefined;
}

/** Stores a program in every writable cache. Returns its path in the first of them. */
async function keep(program, cached, caches) {
  const kept = [];
  let last;
  for (const cache of caches) {
    try {
      kept.push(await place(program, join(cache, cached)));
    } catch (error) {
      last = error;
    }
  }
  if (!kept[0]) throw last;
  return kept[0];
}
