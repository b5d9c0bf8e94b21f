import { stat, readdir } from 'node:fs/promises';
import { type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { type Clock } from '../../common/clock.js';
import { InvalidOptionError, RegistryUnavailableError } from '../../common/errors/index.js';
import { quote } from '../../common/strings.js';
import { decodeSegment } from '../../common/names.js';
import { type EntryKey, entryKeyLabel, entryKeyOf, type KeySpace } from '../../registry/entry-record.js';
import { type EntryFile, MAX_ENTRY_FILE_BYTES, readEntryText, versionOf } from './entry-file.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { markedNumber, readVersionName, stemOf, stemOfEntryKey, type VersionName } from './layout.js';
import { readBounded } from './read-bounded.js';

/** The content of one file: an entry, or the reason why it is malformed. `version` differs for different content. */
export type Content =
  | { readonly version: string; readonly entry: EntryFile }
  | { readonly version: string; readonly reason: string };

/** The newest version of one entry key. */
export interface NewestVersion {
  readonly name: VersionName;
  readonly entryKey: EntryKey;
  readonly content: Content;
}

/** The newest version of one entry key, with the older ones whose files still exist. */
export interface VersionChain extends NewestVersion {
  /** Left by a writer that is between its commit and the end of its write, or was killed there. */
  readonly older: readonly VersionName[];
}

/** The newest version of each entry key of a folder, by stem. */
export type NewestVersions = ReadonlyMap<string, NewestVersion>;

/** Returns whether the content of a cached file may have changed. */
export type MayHaveChanged = (name: VersionName) => boolean;

/** What a folder holds: the instances of one service, the keys of one space, or the keys of applications. */
export interface FolderContent {
  readonly service?: string;
  readonly space?: KeySpace;
}

interface Cached {
  /** Inode, times and size. They change when the file is replaced or modified. */
  readonly identity: string;
  /** Whether the file was too recent when it was read: a later file could have the same identity. */
  readonly ambiguous: boolean;
  /** The number of the read. Reads are numbered in the order in which they start. */
  readonly reading: number;
  readonly content: Content;
}

/** The error codes of opening a link, a file of another user, a socket or a folder. */
const UNREADABLE = new Set(['ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'EISDIR']);
/** An attempt to read the folder fails only if a file is replaced during the attempt. */
const MAX_READ_ATTEMPTS = 100;
/** Up to this many names, one system call reads the folder. Beyond, a file that is renamed meanwhile may be missed. */
const ATOMIC_READDIR_ENTRIES = 200;
/** Within this time, two successive files may have equal timestamps and the same inode. */
const TIMESTAMP_RESOLUTION_MS = 1_000;

/** Options of {@link Folder.read}. */
export interface ReadOptions {
  /** Limits the read to the entry key with this stem. */
  readonly only?: string;
  /**
   * Whether a cached file may have changed.
   *
   * @default every file may
   */
  readonly changed?: MayHaveChanged;
  /**
   * Whether the file system reports changes. A file with an equal identity then counts as unchanged, however recent.
   *
   * @default false
   */
  readonly watched?: boolean;
}

/** The files of one folder at one moment. */
class FolderNames {
  readonly count: number;
  readonly names: VersionName[];
  private stems: Map<string, VersionName[]> | undefined;

  constructor(files: readonly string[]) {
    this.count = files.length;
    this.names = files.flatMap((file) => readVersionName(file) ?? []);
  }

  byStem(): ReadonlyMap<string, VersionName[]> {
    if (this.stems) return this.stems;
    this.stems = new Map();
    for (const name of this.names) {
      const versions = this.stems.get(name.stem);
      if (versions) versions.push(name);
      else this.stems.set(name.stem, [name]);
    }
    return this.stems;
  }
}

/**
 * Reads the entries of one folder, and caches the content of unchanged files. The newest version of an entry key is its
 * file with the highest number.
 */
export class Folder {
  private readonly cache = new Map<string, Cached>();
  /** Entry keys by stem, for a malformed file whose name is a digest. */
  private readonly entryKeys = new Map<string, EntryKey>();
  private readings = 0;
  private reading: Promise<FolderNames> | undefined;
  private nextReading: Promise<FolderNames> | undefined;

  constructor(
    private readonly url: string,
    readonly path: string,
    /** What the folder holds: the instances of a service, or keys. */
    readonly holds: FolderContent,
    private readonly clock: Clock,
  ) {}

  /** Returns the newest version of one entry key. Undefined if it has none. */
  async newest(stem: string): Promise<VersionChain | undefined> {
    const [versions, names] = await this.versions({ only: stem });
    const newest = versions.get(stem);
    return newest && { ...newest, older: names.filter(({ number }) => number < newest.name.number) };
  }

  /**
   * Returns the newest version of each entry key. A missing folder has none.
   *
   * @throws RegistryUnavailableError when files are replaced faster than they can be read
   */
  async read(options: ReadOptions = {}): Promise<NewestVersions> {
    const [versions] = await this.versions(options);
    return versions;
  }

  /** Returns the newest version of each entry key, and the files of all versions. */
  private async versions({
    only,
    changed,
    watched = false,
  }: ReadOptions): Promise<readonly [NewestVersions, readonly VersionName[]]> {
    for (let attempt = 0; attempt < MAX_READ_ATTEMPTS; attempt++) {
      const names = await this.names(only);
      const newest = newestOf(names, only);
      const versions = await this.contents(newest, changed, watched);
      // Fewer files than names: one was deleted after the folder was read, and a newer version may exist.
      if (versions.size < newest.length) continue;
      if (only === undefined) this.evictAllBut(newest);
      return [versions, names];
    }
    const error = new Error(
      `its entries were replaced faster than they could be read, ${MAX_READ_ATTEMPTS} times`,
    );
    throw new RegistryUnavailableError(this.url, [{ endpoint: this.path, error }]);
  }

  /** Reads the file without the cache. Undefined if it does not exist. */
  async content(name: VersionName): Promise<Content | undefined> {
    const reading = (this.readings += 1);
    try {
      const read = await readBounded(join(this.path, name.file), MAX_ENTRY_FILE_BYTES);
      const identity = identityOf(read.stat);
      const content: Content =
        'refused' in read
          ? { version: identity, reason: `Expected the file ${quote(name.file)} to be ${read.refused}.` }
          : this.parse(name, read.text);
      // Of two concurrent reads, the one that started first may end last, with an older content.
      if (reading > (this.cache.get(name.file)?.reading ?? 0))
        this.cache.set(name.file, { identity, ambiguous: !this.settled(read.stat), reading, content });
      return content;
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      // A file that cannot be opened is malformed; it must not prevent the others from being read.
      if (UNREADABLE.has(errno))
        return {
          version: errno,
          reason: `Expected the file ${quote(name.file)} to be readable, got ${errno}.`,
        };
      return undefinedIfMissing(error);
    }
  }

  private async contents(
    newest: readonly VersionName[],
    changed: MayHaveChanged | undefined,
    watched: boolean,
  ): Promise<NewestVersions> {
    const versions = new Map<string, NewestVersion>();
    await forEachLimited(newest, MAX_CONCURRENT_FILES, async (name) => {
      const content = (await this.cached(name, changed, watched)) ?? (await this.content(name));
      if (content) versions.set(name.stem, { name, entryKey: this.entryKey(name, content), content });
    });
    return versions;
  }

  private async cached(
    name: VersionName,
    changed: MayHaveChanged | undefined,
    watched: boolean,
  ): Promise<Content | undefined> {
    const cached = this.cache.get(name.file);
    if (!cached) return undefined;
    if (changed && !changed(name)) return cached.content;
    if (cached.ambiguous && !watched) return undefined;
    try {
      const same = identityOf(await stat(join(this.path, name.file), { bigint: true })) === cached.identity;
      return same ? cached.content : undefined;
    } catch (error) {
      return undefinedIfMissing(error);
    }
  }

  private parse(name: VersionName, text: string): Content {
    const version = versionOf(text);
    try {
      const entry = this.inSpace(readEntryText(text));
      const entryKey = entryKeyOf(entry.record);
      const service = entryKey.kind === 'instance' ? entryKey.service : undefined;
      if (service !== this.holds.service || stemOfEntryKey(entryKey) !== name.stem)
        return {
          version,
          reason: `Expected the file ${quote(name.file)} to contain the entry that its name says, got ${entryKeyLabel(entryKey)}.`,
        };
      this.entryKeys.set(name.stem, entryKey);
      return { version, entry };
    } catch (error) {
      if (error instanceof InvalidOptionError) return { version, reason: error.message };
      throw error;
    }
  }

  private inSpace(entry: EntryFile): EntryFile {
    const { space } = this.holds;
    if (space === undefined || entry.record.kind !== 'key') return entry;
    return { ...entry, record: { ...entry.record, space } };
  }

  private entryKey({ stem }: VersionName, content: Content): EntryKey {
    if ('entry' in content) return entryKeyOf(content.entry.record);
    const name = decodeSegment(stem) ?? stem;
    const { service, space } = this.holds;
    const key: EntryKey = { kind: 'key', key: name, ...(space === undefined ? {} : { space }) };
    const guess: EntryKey = service === undefined ? key : { kind: 'instance', service, id: name };
    return stemOf(name) === stem ? guess : (this.entryKeys.get(stem) ?? guess);
  }

  /** Returns the files of all versions of all entry keys, or only of the one with the stem `only`. */
  async names(only?: string): Promise<VersionName[]> {
    const [count, names] = await this.list(only);
    if (count <= ATOMIC_READDIR_ENTRIES || (only !== undefined && names.length > 0)) return names;
    const [, again] = await this.list(only);
    return [...new Map([...names, ...again].map((name) => [name.file, name])).values()];
  }

  /** Returns the highest version of the stem that was ever removed; 0 without one. Only for keys of a space. */
  async highestRemoved(stem: string): Promise<number> {
    const files = await readdir(this.path).catch(undefinedIfMissing);
    // Not as arguments of one call, which has a limit.
    return (files ?? []).reduce((highest, file) => Math.max(highest, markedNumber(stem, file) ?? 0), 0);
  }

  /** Returns a string that changes when a file is created or deleted. Undefined if the last change is too recent. */
  async stamp(): Promise<string | undefined> {
    try {
      const found = await stat(this.path, { bigint: true });
      return this.settled(found) ? identityOf(found) : undefined;
    } catch (error) {
      return undefinedIfMissing(error);
    }
  }

  private settled({ mtimeNs }: BigIntStats): boolean {
    return this.clock.wall() - Number(mtimeNs / 1_000_000n) > TIMESTAMP_RESOLUTION_MS;
  }

  /** Returns the number of files, and the names of entry files. */
  private async list(only: string | undefined): Promise<readonly [number, VersionName[]]> {
    const files = await this.readNext();
    return [files.count, only === undefined ? files.names : (files.byStem().get(only) ?? [])];
  }

  /**
   * Reads the folder after this call. Calls during a read share the next one: the running one may miss a file created since,
   * and with many concurrent writers each read would be of many files.
   */
  private async readNext(): Promise<FolderNames> {
    this.nextReading ??= this.readAfter(this.reading);
    return await this.nextReading;
  }

  private async readAfter(running: Promise<FolderNames> | undefined): Promise<FolderNames> {
    await running?.catch(() => undefined);
    const own = this.nextReading;
    this.reading = own;
    this.nextReading = undefined;
    try {
      return await this.readFolder();
    } finally {
      if (this.reading === own) this.reading = undefined;
    }
  }

  private async readFolder(): Promise<FolderNames> {
    try {
      return new FolderNames(await readdir(this.path));
    } catch (error) {
      undefinedIfMissing(error);
      return new FolderNames([]);
    }
  }

  private evictAllBut(newest: readonly VersionName[]): void {
    const files = new Set(newest.map(({ file }) => file));
    const stems = new Set(newest.map(({ stem }) => stem));
    for (const file of this.cache.keys()) if (!files.has(file)) this.cache.delete(file);
    for (const stem of this.entryKeys.keys()) if (!stems.has(stem)) this.entryKeys.delete(stem);
  }
}

/** Returns the newest version of each entry key, or only of the one with the stem `only`. */
export function newestOf(names: readonly VersionName[], only?: string): VersionName[] {
  const newest = new Map<string, VersionName>();
  for (const name of names) {
    if (only !== undefined && name.stem !== only) continue;
    if (name.number >= (newest.get(name.stem)?.number ?? 0)) newest.set(name.stem, name);
  }
  return [...newest.values()];
}

function identityOf({ ino, mtimeNs, ctimeNs, size }: BigIntStats): string {
  return `${ino}/${mtimeNs}/${ctimeNs}/${size}`;
}

function undefinedIfMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
