import { lstat, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { errnoOf } from './fs-error.js';
import { type Layout } from './layout.js';

/** Access for the owner only. */
export const PRIVATE_FOLDER_MODE = 0o700;
/** Access for the owner only. */
export const PRIVATE_FILE_MODE = 0o600;
/** The write permissions of group and others. */
const SHARED_WRITE_MODE = 0o022;

/** How often a parent that is removed at the same time is created again. */
const MAX_PARENT_ATTEMPTS = 10;

/**
 * Creates `folder` and its parents if they are missing. A file in its place is left to the checks that follow. Not by
 * Node's `recursive`, which never ends where the file system answers ENOENT below a folder that exists, as /proc does.
 */
export async function makeFolder(folder: string, attempts = MAX_PARENT_ATTEMPTS): Promise<void> {
  try {
    await mkdir(folder, { mode: PRIVATE_FOLDER_MODE });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST' || (errno !== 'ENOENT' && (await isFolder(folder)))) return;
    if (errno !== 'ENOENT' || attempts === 0 || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder, attempts - 1);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Creates the folders of a registry if they are missing, and checks that no other user can write to them.
 *
 * @throws RegistryRefusedError when a folder is a symbolic link, belongs to another user, or is writable by others
 */
export async function ensureRoot({ root, keys, services, sessions, temporary }: Layout): Promise<void> {
  // The root first: a user who can write to it can replace the folders within.
  await makeFolder(root);
  await checkOwn(root);
  for (const folder of [keys, services, sessions, temporary]) {
    await makeFolder(folder);
    await checkOwn(folder);
  }
}

/**
 * Checks the root again, since another user may have removed and recreated it. Creates the folders if the root is missing.
 * This is one system call in the usual case.
 *
 * @throws RegistryRefusedError as {@link ensureRoot} does
 */
export async function recheckRoot(layout: Layout): Promise<void> {
  try {
    await checkOwn(layout.root);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await ensureRoot(layout);
  }
}

async function checkOwn(folder: string): Promise<void> {
  const stat = await lstat(folder);
  const refuse = (complaint: string, remedy: string): never => {
    throw new RegistryRefusedError(`The folder ${folder} of the file registry ${complaint}: ${remedy}.`);
  };
  if (stat.isSymbolicLink() || !stat.isDirectory())
    refuse('is a symbolic link or not a folder', 'name the folder itself');
  const own = process.getuid?.();
  // On platforms without user ids, such as Windows, each user has a private temporary folder.
  if (own === undefined) return;
  if (stat.uid !== own)
    refuse(
      `belongs to user ${stat.uid}, not to user ${own}`,
      'name a folder of this user with file:/some/folder',
    );
  if ((stat.mode & SHARED_WRITE_MODE) !== 0)
    refuse('is writable by other users', `run chmod 700 ${folder}, or name another folder`);
}
