import { lstat, mkdir } from 'node:fs/promises';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { errnoOf } from './fs-error.js';
import { type Layout } from './layout.js';

/** Nobody but the owner. */
export const PRIVATE_FOLDER_MODE = 0o700;
/** Nobody but the owner. */
export const PRIVATE_FILE_MODE = 0o600;
/** Group and others may write. */
const SHARED_WRITE_MODE = 0o022;

/** Makes `folder` and what is above it, where missing. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE });
}

/**
 * Makes the folders of a registry where they are missing, and checks that nobody else can put anything in.
 *
 * @throws RegistryRefusedError when a folder is a link, belongs to another user, or others may write in it
 */
export async function ensureRoot({ root, keys, services, sessions, temporary }: Layout): Promise<void> {
  // The root first: what is in it is only as good as who may write there.
  await makeFolder(root);
  await checkOwn(root);
  for (const folder of [keys, services, sessions, temporary]) {
    await makeFolder(folder);
    await checkOwn(folder);
  }
}

/**
 * Checks the root again, which may have been removed and remade by another user since; makes the folders where it is
 * missing. One system call where all is well.
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
    refuse('is not a folder itself', 'name the folder that is meant');
  const own = process.getuid?.();
  // Without user ids, as on Windows, the temporary folder is already the user's own.
  if (own === undefined) return;
  if (stat.uid !== own)
    refuse(
      `belongs to user ${stat.uid}, not to user ${own}`,
      'name another with file:/some/folder of your own',
    );
  if ((stat.mode & SHARED_WRITE_MODE) !== 0)
    refuse('can be written by other users', `run chmod 700 ${folder}, or name another`);
}
