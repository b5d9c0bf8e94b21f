import { readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeOlder, removeVersions } from './commit.js';
import { MAX_ENTRY_FILE_BYTES, readEntryText } from './entry-file.js';
import { Folder, newestOf } from './folder.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { readBounded } from './read-bounded.js';
import { readSessionFile } from './session-file.js';
import { type FileStore } from './file-store.js';
import { removeFile } from './write-file.js';

/** Milliseconds after which what nobody needs any more is removed: time for whoever is just reading it. */
const GRACE_MS = 60_000;

/**
 * Removes what processes that died left behind: sessions long over with their entries, superseded versions, files
 * never finished, folders long empty. Whatever lives is left alone; a writer who meets a sweep notices and looks again.
 */
export async function sweep(store: FileStore): Promise<void> {
  const { layout } = store;
  const over = await sessionsOver(store);
  await sweepFolder(store, layout.keys, over);
  for (const name of await namesIn(layout.services)) {
    const path = join(layout.services, name);
    await sweepFolder(store, path, over);
    // Fails, as it should, unless the folder is empty.
    if (await isOld(store, path)) await rmdir(path).catch(() => undefined);
  }
  await forEachLimited(over, MAX_CONCURRENT_FILES, async (id) => removeFile(layout.session(id)));
  await forEachLimited(await namesIn(layout.temporary), MAX_CONCURRENT_FILES, async (name) => {
    const path = join(layout.temporary, name);
    if (await isOld(store, path)) await removeFile(path);
  });
}

/** The sessions that are long over. */
async function sessionsOver({ layout, sessions }: FileStore): Promise<Set<string>> {
  const over = new Set<string>();
  await forEachLimited(await namesIn(layout.sessions), MAX_CONCURRENT_FILES, async (name) => {
    const read = await readBounded(join(layout.sessions, name), GRACE_MS).catch(() => undefined);
    const file = read && 'text' in read ? readSessionFile(read.text) : undefined;
    if (file && name === `${file.id}.json` && sessions.isLongOver(file, GRACE_MS)) over.add(file.id);
  });
  return over;
}

async function sweepFolder(store: FileStore, path: string, over: ReadonlySet<string>): Promise<void> {
  const folder = new Folder(store.url, path, undefined, store.clock);
  const names = await folder.names();
  await forEachLimited(newestOf(names), MAX_CONCURRENT_FILES, async (name) => {
    const file = join(path, name.file);
    const session = await sessionBehind(file);
    const gone =
      session !== undefined && (over.has(session) || !(await exists(store.layout.session(session))));
    if (gone) await removeVersions(folder, name, names);
    // Not while its writer may still be looking at what it replaced.
    else if (await isOld(store, file)) await removeOlder(folder, name, names);
  });
}

/** Who keeps the entry in `file` alive; undefined where nobody does, or nobody can tell. */
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

/** When the file was changed last, in milliseconds since the Unix epoch. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
