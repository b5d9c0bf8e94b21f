import { randomUUID } from 'node:crypto';
import { access, chmod, constants, copyFile, link, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the folders for downloaded servers: one in the repository, one for all checkouts of this user. */
export function cacheFolders(env = process.env) {
  const xdg = env.XDG_CACHE_HOME;
  const user = xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.cache');
  return [join(REPOSITORY, '.cache', 'servers'), join(user, 'nestjs-sidekick', 'servers')];
}

/** Creates a unique folder in a writable cache, the user's first. */
export async function workFolder(caches) {
  let last;
  for (const cache of [...caches].reverse()) {
    const folder = join(cache, `.work-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      return folder;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`no cache folder is writable (${caches.join(', ')})`, { cause: last });
}

/** Returns whether a path is an executable program. */
export async function isProgram(path) {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the full path of a command, or undefined. */
export async function onPath(command, env = process.env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command);
    if (folder && (await isProgram(path))) return path;
  }
  return undefined;
}

/**
 * Puts a program into a cache folder atomically: another process never sees a partial file, and two processes may do it at
 * once.
 */
export async function place(program, target) {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${randomUUID()}`;
  try {
    await link(program, temporary).catch(() => copyFile(program, temporary));
    await chmod(temporary, 0o755);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}
