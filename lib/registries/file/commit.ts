import { join } from 'node:path';
import { abortReason } from '../../common/async/abort.js';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { quote } from '../../common/strings.js';
import {
  type EntryRecord,
  type EntryKey,
  entryKeyLabel,
  entryKeyOf,
  isReserved,
} from '../../registry/entry-record.js';
import { type RegistryEntry, type WriteResult } from '../../registry/registry.js';
import { entryText, MAX_ACCEPTED, versionOf } from './entry-file.js';
import { type Folder, type VersionChain } from './folder.js';
import {
  type Layout,
  markerName,
  MAX_VERSION,
  stemOfEntryKey,
  type VersionName,
  versionName,
} from './layout.js';
import { createFile, removeFile } from './write-file.js';

/** The state of an entry key that a write is based on. */
export interface ObservedEntry {
  /** The newest version on disk, even if its session has expired. */
  readonly newest: VersionChain | undefined;
  /** The entry of that version. Undefined if its session is not alive or the file is malformed. */
  readonly current: RegistryEntry | undefined;
}

/** A guarded write. */
export interface Commit {
  readonly layout: Layout;
  readonly folder: Folder;
  readonly record: EntryRecord;
  readonly session: string;
  /** The expected version of the entry key. Undefined: it must be empty. */
  readonly guard: string | undefined;
  readonly observe: (entryKey: EntryKey) => Promise<ObservedEntry>;
  readonly signal: AbortSignal;
}

/**
 * Writes an entry if its entry key still has the guarded version. It uses no lock, since a process that dies would leave
 * one behind:
 *
 * 1. A hard link names the file of version n + 1. The file system lets exactly one writer create this name.
 * 2. The writer checks that the file of version n still exists unchanged. A writer whose base version is missing deletes its
 *    own file and reads again. A removal deletes the file and every file has a unique nonce, so a slow writer can neither
 *    build on a removed version nor win with an empty guard while other versions exist.
 * 3. The writer deletes all versions up to n, the oldest first. A reader therefore always finds one of the two versions, and
 *    no version is deleted while its base exists: its name would be free again for a writer that still finds this base.
 *
 * Between 1 and 2, another writer may build on version n + 1 and delete n. It then names version n + 1 as accepted in its own
 * file, as do all after it, so that the slower writer learns that its write took effect.
 *
 * The numbers of a key of a space never restart: a creation leaves a marker with its number, and a removal one with the
 * highest number before it deletes the files. The number of the version that created an entry is its create revision.
 *
 * A writer that is killed leaves a temporary file without a name, or an entry that expires with its session.
 *
 * @throws RegistryRefusedError when the version number cannot be increased
 */
export async function commit(write: Commit): Promise<WriteResult> {
  const { layout, folder, record, session, guard, observe, signal } = write;
  const entryKey = entryKeyOf(record);
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const { newest, current } = await observe(entryKey);
    if (current?.version !== guard) return { ok: false, current };
    if (newest?.name.number === MAX_VERSION)
      throw new RegistryRefusedError(
        `The ${entryKeyLabel(entryKey)} cannot be written: its file ${quote(join(folder.path, newest.name.file))} has the highest possible version number. Remove that file.`,
      );
    const stem = stemOfEntryKey(entryKey);
    const reserved = isReserved(entryKey);
    const removed = reserved && !newest ? await folder.highestRemoved(stem) : 0;
    const name = versionName(stem, Math.max(newest?.name.number ?? 0, removed) + 1);
    const created = reserved ? Number(current?.createRevision ?? name.number) : undefined;
    const accepted = acceptedBy(newest);
    const text = entryText(record, session, { created, accepted });
    if (!(await createFile(layout, join(folder.path, name.file), text))) continue;
    const version = versionOf(text);
    if ((await baseUnchanged(folder, name, newest)) || (await isAccepted(folder, stem, version))) {
      if (newest) await removeOlder(folder, name, [...newest.older, newest.name]);
      // At once, and not only with the removal: another hand may delete the file.
      if (reserved && !current) await mark(layout, folder, name);
      const revision = reserved && !current ? { createRevision: String(created) } : {};
      return { ok: true, version, ...revision };
    }
    // Numbers may have started again meanwhile, and the file be that of another writer.
    if ((await folder.content(name))?.version === version) await removeFile(join(folder.path, name.file));
  }
}

/**
 * Removes all versions of an entry key, the oldest first: an old version that a killed writer has left must never become
 * the newest one.
 *
 * @param names the files of the folder, including those of the entry key
 */
export async function removeVersions(
  layout: Layout,
  folder: Folder,
  upTo: VersionName,
  names: readonly VersionName[],
): Promise<void> {
  if (folder.holds.space !== undefined) await mark(layout, folder, upTo);
  await removeOlder(folder, upTo, names);
  await removeFile(join(folder.path, upTo.file));
}

/** Leaves a marker that version `upTo` existed. */
async function mark(layout: Layout, folder: Folder, { stem, number }: VersionName): Promise<void> {
  const before = await folder.highestRemoved(stem);
  if (before >= number) return;
  await createFile(layout, join(folder.path, markerName(stem, number)), '');
  if (before > 0) await removeFile(join(folder.path, markerName(stem, before)));
}

/** Removes the versions of an entry key before `than`, the oldest first. */
export async function removeOlder(
  folder: Folder,
  than: VersionName,
  names: readonly VersionName[],
): Promise<void> {
  const older = names.filter(({ stem, number }) => stem === than.stem && number < than.number);
  for (const { file } of older.sort((a, b) => a.number - b.number)) await removeFile(join(folder.path, file));
}

/** Returns what a version that replaces `newest` accepts. */
function acceptedBy(newest: VersionChain | undefined): readonly string[] | undefined {
  if (!newest) return undefined;
  const { name, content, older } = newest;
  const { accepted: before = [], created } = 'entry' in content ? content.entry : {};
  // The writer of a first version has no base to delete, so nothing shows whether it has finished.
  const isFirst = name.number === 1 || name.number === created;
  const all = isFirst || older.length > 0 ? [...before, content.version] : before;
  return all.length > 0 ? all.slice(-MAX_ACCEPTED) : undefined;
}

/** Whether a newer version builds on `version`. */
async function isAccepted(folder: Folder, stem: string, version: string): Promise<boolean> {
  const newest = await folder.newest(stem);
  return (
    newest !== undefined &&
    'entry' in newest.content &&
    newest.content.entry.accepted?.includes(version) === true
  );
}

/** Whether the version on which `name` is based still exists unchanged. */
async function baseUnchanged(
  folder: Folder,
  name: VersionName,
  before: VersionChain | undefined,
): Promise<boolean> {
  if (before) return (await folder.content(before.name))?.version === before.content.version;
  const alone = (await folder.names(name.stem)).every(({ number }) => number === name.number);
  // A writer that was slow may have created a number again that was in use and removed meanwhile.
  return (
    alone && (folder.holds.space === undefined || (await folder.highestRemoved(name.stem)) < name.number)
  );
}
