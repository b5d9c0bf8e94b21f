import { stat, readdir } from 'node:fs/promises';
import { type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { type Clock } from '../../common/clock.js';
import { InvalidOptionError, RegistryUnavailableError } from '../../common/errors/index.js';
import { quote } from '../../common/strings.js';
import { decodeSegment } from '../../common/names.js';
import { type EntryKey, entryKeyLabel, entryKeyOf } from '../../registry/entry-record.js';
import { type EntryFile, MAX_ENTRY_FILE_BYTES, readEntryText, versionOf } from './entry-file.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { readVersionName, stemOf, stemOfEntryKey, type VersionName } from './layout.js';
import { readBounded } from './read-bounded.js';

/** What one file holds; `version` is different for different content. */
export type Content =
  | { readonly version: string; readonly entry: EntryFile }
  | { readonly version: string; readonly reason: string };

/** The newest version of an entry key. */
export interface NewestVersion {
  readonly name: VersionName;
  readonly entryKey: EntryKey;
  readonly content: Content;
}

/** Every entry key of a folder that has a file, by its stem. */
export type NewestVersions = ReadonlyMap<string, NewestVersion>;

/** Whether the content of a file known before may be another by now. */
export type MayHaveChanged = (name: VersionName) => boolean;

interface Cached {
  /** Of the file, as long as it is the same one. */
  readonly identity: string;
  /** The file was too young when it was read: another one after it could look the same. */
  readonly ambiguous: boolean;
  /** Of those of the folder, in the order in which they began. */
  readonly reading: number;
  readonly content: Content;
}

/** What opening a link, a file of somebody else, or a socket fails with. */
const UNREADABLE = new Set(['ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'EISDIR']);
/** Attempts to read a folder while its files are replaced; each fails only if one was, just then. */
const MAX_READ_ATTEMPTS = 100;
/** Beyond this many names one reading of a folder takes several system calls, and what moves meanwhile may be missed. */
const ATOMIC_READDIR_ENTRIES = 200;
/** Milliseconds within which two files may have the same times and, one after the other, the same inode. */
const TIMESTAMP_RESOLUTION_MS = 1_000;

/** How a {@link Folder} is read. */
export interface ReadOptions {
  /** The stem of the one entry key that is asked for. */
  readonly only?: string;
  /** Whether a file that was read before may have new content; each may unless given. */
  readonly changed?: MayHaveChanged;
  /** The file system tells of changes: a file that looks the same is the same, however young. */
  readonly watched?: boolean;
}

/**
 * Reads the entries of one folder. The newest version of an entry key is its file with the highest number; what was read
 * before is not read again while its file is the same.
 */
export class Folder {
  private readonly cache = new Map<string, Cached>();
  /** Slots by stem, for when neither the file's name nor its content tells. */
  private readonly entryKeys = new Map<string, EntryKey>();
  private readings = 0;

  /** @param service whose instances are in it; undefined for the folder of keys */
  constructor(
    private readonly url: string,
    readonly path: string,
    private readonly service: string | undefined,
    private readonly clock: Clock,
  ) {}

  /** The newest version of one entry key. */
  async newest(stem: string): Promise<NewestVersion | undefined> {
    return (await this.read({ only: stem })).get(stem);
  }

  /**
   * The newest version of every entry key. A missing folder has none.
   */
  async read({ only, changed, watched = false }: ReadOptions = {}): Promise<NewestVersions> {
    for (let attempt = 0; attempt < MAX_READ_ATTEMPTS; attempt++) {
      const newest = newestOf(await this.names(only), only);
      const tops = await this.contents(newest, changed, watched);
      // Otherwise a file went after the folder was read: a newer version of its entry key is there by now, or none.
      if (tops.size < newest.length) continue;
      if (only === undefined) this.forgetAllBut(newest);
      return tops;
    }
    const error = new Error(
      `its entries were replaced faster than they could be read, ${MAX_READ_ATTEMPTS} times`,
    );
    throw new RegistryUnavailableError(this.url, [{ endpoint: this.path, error }]);
  }

  /** What the file holds, read anew; undefined when it is gone. */
  async content(name: VersionName): Promise<Content | undefined> {
    const reading = (this.readings += 1);
    try {
      const read = await readBounded(join(this.path, name.file), MAX_ENTRY_FILE_BYTES);
      const identity = identityOf(read.stat);
      const content: Content =
        'refused' in read
          ? { version: identity, reason: `Expected the file ${quote(name.file)} to be ${read.refused}.` }
          : this.parse(name, read.text);
      // Of two readings under way the one that began first may end last, with what was there before.
      if (reading > (this.cache.get(name.file)?.reading ?? 0))
        this.cache.set(name.file, { identity, ambiguous: !this.settled(read.stat), reading, content });
      return content;
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      // One file that cannot be opened is no reason to keep the others from anybody.
      if (UNREADABLE.has(errno))
        return {
          version: errno,
          reason: `Expected the file ${quote(name.file)} to be a file one can read, got ${errno}.`,
        };
      return undefinedIfMissing(error);
    }
  }

  private async contents(
    newest: readonly VersionName[],
    changed: MayHaveChanged | undefined,
    watched: boolean,
  ): Promise<NewestVersions> {
    const tops = new Map<string, NewestVersion>();
    await forEachLimited(newest, MAX_CONCURRENT_FILES, async (name) => {
      const content = (await this.cached(name, changed, watched)) ?? (await this.content(name));
      if (content) tops.set(name.stem, { name, entryKey: this.entryKey(name, content), content });
    });
    return tops;
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
      const entry = readEntryText(text);
      const entryKey = entryKeyOf(entry.record);
      const service = entryKey.kind === 'instance' ? entryKey.service : undefined;
      if (service !== this.service || stemOfEntryKey(entryKey) !== name.stem)
        return {
          version,
          reason: `Expected the file ${quote(name.file)} to hold what it is named after, got ${entryKeyLabel(entryKey)}.`,
        };
      this.entryKeys.set(name.stem, entryKey);
      return { version, entry };
    } catch (error) {
      if (error instanceof InvalidOptionError) return { version, reason: error.message };
      throw error;
    }
  }

  private entryKey({ stem }: VersionName, content: Content): EntryKey {
    if ('entry' in content) return entryKeyOf(content.entry.record);
    const name = decodeSegment(stem) ?? stem;
    const guess: EntryKey =
      this.service === undefined
        ? { kind: 'key', key: name }
        : { kind: 'instance', service: this.service, id: name };
    return stemOf(name) === stem ? guess : (this.entryKeys.get(stem) ?? guess);
  }

  /** The files of all versions of all entry keys, or of the one with stem `only`. */
  async names(only?: string): Promise<VersionName[]> {
    const [count, names] = await this.list(only);
    if (count <= ATOMIC_READDIR_ENTRIES || (only !== undefined && names.length > 0)) return names;
    const [, again] = await this.list(only);
    return [...new Map([...names, ...again].map((name) => [name.file, name])).values()];
  }

  /** Changes whenever a file comes or goes; undefined when it is too young to tell, or there is no folder. */
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

  /** How many files there are, and those that matter. */
  private async list(only: string | undefined): Promise<readonly [number, VersionName[]]> {
    try {
      const files = await readdir(this.path);
      const near = only === undefined ? files : files.filter((file) => file.startsWith(only));
      const names = near.flatMap((file) => readVersionName(file) ?? []);
      return [files.length, only === undefined ? names : names.filter(({ stem }) => stem === only)];
    } catch (error) {
      undefinedIfMissing(error);
      return [0, []];
    }
  }

  private forgetAllBut(newest: readonly VersionName[]): void {
    const files = new Set(newest.map(({ file }) => file));
    const stems = new Set(newest.map(({ stem }) => stem));
    for (const file of this.cache.keys()) if (!files.has(file)) this.cache.delete(file);
    for (const stem of this.entryKeys.keys()) if (!stems.has(stem)) this.entryKeys.delete(stem);
  }
}

/** The newest version of each entry key, or of the one with stem `only`. */
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
