import { type Dirent } from 'node:fs';
import { readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeOlder, removeVersions } from './commit.js';
import { MAX_ENTRY_FILE_BYTES, readEntryText } from './entry-file.js';
import { Folder, type FolderContent, newestOf } from './folder.js';
import { KEY_SPACES } from '../../registry/entry-record.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { readBounded } from './read-bounded.js';
import { readSessionFile } from './session-file.js';
import { type FileStore } from './file-store.js';
import { removeFile } from './write-file.js';

/** How old unused files must be to be removed, since a reader or writer may still use a younger one. */
const GRACE_MS = 60_000;

/**
 * Removes the files that dead processes have left: expired sessions with their entries, superseded versions, unfinished
 * files, and empty folders. A concurrent writer detects that a sweep removed its base version and reads again.
 */
export async function sweep(store: FileStore): Promise<void> {
  const { layout } = store;
  const dead = await deadSessions(store);
  await sweepFolder(store, layout.keys, {}, dead);
  for (const space of KEY_SPACES) await sweepFolder(store, layout.space(space), { space }, dead);
  for (const path of await pathsIn(layout.services, (entry) => entry.isDirectory())) {
    await sweepFolder(store, path, {}, dead);
    // Fails if the folder is not empty, which is intended.
    if (await isOld(store, path)) await rmdir(path).catch(() => undefined);
  }
  await forEachLimited(dead, MAX_CONCURRENT_FILES, async (id) => removeFile(layout.session(id)));
  const temporary = await pathsIn(layout.temporary, (entry) => entry.isFile());
  await forEachLimited(temporary, MAX_CONCURRENT_FILES, async (path) => {
    if (await isOld(store, path)) await removeFile(path);
  });
}

/** Returns the ids of the sessions that ended or expired long ago. */
async function deadSessions({ layout, sessions }: FileStore): Promise<Set<string>> {
  const dead = new Set<string>();
  const files = await pathsIn(layout.sessions, (entry) => entry.isFile());
  await forEachLimited(files, MAX_CONCURRENT_FILES, async (path) => {
    const read = await readBounded(path, GRACE_MS).catch(() => undefined);
    const file = read && 'text' in read ? readSessionFile(read.text) : undefined;
    if (file && path === layout.session(file.id) && sessions.isLongDead(file, GRACE_MS)) dead.add(file.id);
  });
  return dead;
}

async function sweepFolder(
  store: FileStore,
  path: string,
  holds: FolderContent,
  dead: ReadonlySet<string>,
): Promise<void> {
  const folder = new Folder(store.url, path, holds, store.clock);
  const names = await folder.names();
  await forEachLimited(newestOf(names), MAX_CONCURRENT_FILES, async (name) => {
    const file = join(path, name.file);
    const session = await sessionBehind(file);
    const gone =
      session !== undefined && (dead.has(session) || !(await exists(store.layout.session(session))));
    if (gone) await removeVersions(store.layout, folder, name, names);
    // The writer of a recent version may still compare it with the previous one.
    else if (await isOld(store, file)) await removeOlder(folder, name, names);
  });
}

/** Returns the session of the entry in `file`. Undefined if it has none or is malformed. */
async function sessionBehind(file: string): Promise<string | undefined> {
  try {
    const read = await readBounded(file, MAX_ENTRY_FILE_BYTES);
    return 'text' in read ? readEntryText(read.text).session : undefined;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await changedAt(path)) !== undefined;
}

async function isOld(store: FileStore, path: string): Promise<boolean> {
  const changed = await changedAt(path);
  return changed !== undefined && store.clock.wall() - changed > GRACE_MS;
}

/** Returns when the file was last modified, in milliseconds since the Unix epoch. Undefined if it does not exist. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The paths of a folder's entries of one kind. Other programs may have left files there, such as a file manager. */
async function pathsIn(folder: string, isWanted: (entry: Dirent) => boolean): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(isWanted).map(({ name }) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
