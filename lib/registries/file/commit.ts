import { join } from 'node:path';
import { abortReason } from '../../common/async/abort.js';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { quote } from '../../common/strings.js';
import { type EntryRecord, type EntryKey, entryKeyLabel, entryKeyOf } from '../../registry/entry-record.js';
import { type RegistryEntry, type WriteResult } from '../../registry/registry.js';
import { entryText, versionOf } from './entry-file.js';
import { type Folder, type NewestVersion } from './folder.js';
import { type Layout, MAX_VERSION, stemOfEntryKey, type VersionName, versionName } from './layout.js';
import { createFile, removeFile } from './write-file.js';

/** What a write went by: the newest version then, and the entry in it if a session keeps it alive. */
export interface ObservedEntry {
  readonly top: NewestVersion | undefined;
  readonly current: RegistryEntry | undefined;
}

/** A guarded write. */
export interface Commit {
  readonly layout: Layout;
  readonly folder: Folder;
  readonly record: EntryRecord;
  readonly session: string;
  /** What must be in the entry key; undefined for nothing. */
  readonly guard: string | undefined;
  readonly observe: (entryKey: EntryKey) => Promise<ObservedEntry>;
  readonly signal: AbortSignal;
}

/**
 * Writes an entry if its entry key is still as the guard says. Without a lock, so that no process that dies leaves one:
 *
 * - The file of version n + 1 is given its name by a hard link, which the file system grants to one writer only.
 * - A write counts only if version n was still there after that. Whoever removes an entry removes its file, and no two
 *   files are alike: so nobody builds on what was removed, however slow he is, and nobody who found the entry key empty
 *   wins while another chain of versions exists.
 * - Only then is version n removed, so that a reader finds one or the other.
 *
 * What a killed writer leaves is either not yet named, or an entry that goes with his session.
 */
export async function commit(write: Commit): Promise<WriteResult> {
  const { layout, folder, record, session, guard, observe, signal } = write;
  const entryKey = entryKeyOf(record);
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const { top, current } = await observe(entryKey);
    if (current?.version !== guard) return { ok: false, current };
    if (top?.name.number === MAX_VERSION)
      throw new RegistryRefusedError(
        `The ${entryKeyLabel(entryKey)} cannot be written: its file ${quote(join(folder.path, top.name.file))} has the highest number there is. Remove that file.`,
      );
    const name = versionName(stemOfEntryKey(entryKey), (top?.name.number ?? 0) + 1);
    const text = entryText(record, session);
    if (!(await createFile(layout, join(folder.path, name.file), text))) continue;
    if (await baseUnchanged(folder, name, top)) {
      if (top) await removeFile(join(folder.path, top.name.file));
      return { ok: true, version: versionOf(text) };
    }
    await removeFile(join(folder.path, name.file));
  }
}

/**
 * Removes what an entry key holds, oldest version first: an older one, left by a killed writer, must never look like the
 * newest.
 *
 * @param names files of the folder, with those of the entry key among them
 */
export async function removeVersions(
  folder: Folder,
  upTo: VersionName,
  names: readonly VersionName[],
): Promise<void> {
  await removeOlder(folder, upTo, names);
  await removeFile(join(folder.path, upTo.file));
}

/** Removes the versions of an entry key before `than`, oldest first. */
export async function removeOlder(
  folder: Folder,
  than: VersionName,
  names: readonly VersionName[],
): Promise<void> {
  const older = names.filter(({ stem, number }) => stem === than.stem && number < than.number);
  for (const { file } of older.sort((a, b) => a.number - b.number)) await removeFile(join(folder.path, file));
}

/** Whether what `name` was built on is still what it was. */
async function baseUnchanged(
  folder: Folder,
  name: VersionName,
  before: NewestVersion | undefined,
): Promise<boolean> {
  if (before) return (await folder.content(before.name))?.version === before.content.version;
  return (await folder.names(name.stem)).every(({ number }) => number === name.number);
}
