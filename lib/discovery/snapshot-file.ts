import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Semaphore } from '../common/async/semaphore.js';
import { expected } from '../common/expected.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { withSnapshotLock } from './snapshot-lock.js';
import { mergeSnapshots } from './snapshot-merge.js';
import { decodeSnapshot, encodeSnapshot, type SnapshotList } from './snapshot-codec.js';

/** Upper bound of the size of a snapshot, so that a wrong path does not fill the memory: about 300,000 endpoints. */
const MAX_SNAPSHOT_BYTES = 64 * 1_024 * 1_024;

/** Mode of a file that only its owner can read and write. */
const OWNER_ONLY_MODE = 0o600;
/** Mode bits that let the group or others write. */
const WRITABLE_BY_OTHERS_MODE = 0o022;
/** Opens no symbolic link, and does not block on a pipe that has no writer. */
const SAFE_OPEN_FLAGS = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Suffix of the temporary file that a writer renames to the snapshot. */
const TEMPORARY_SUFFIX = /\.[0-9a-f]{24}\.tmp$/;

/** Age after which a temporary file belongs to a writer that was killed. */
const ABANDONED_MS = 60_000;

/** What distinguishes two contents of a file: a writer replaces the file, and never changes it. */
interface FileVersion {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** What was read: the text, unless the file is too long, or the lists of a version that is known. */
interface FileContent {
  readonly version: FileVersion;
  readonly text?: string;
  readonly lists?: readonly SnapshotList[];
}

/** The file that stores the last good lists between two runs of the process. */
export class SnapshotFile {
  private readonly writes = new Semaphore(1);
  private failed = false;
  /** The content that was last read or written: 10,000 endpoints are decoded in 0.1 s, while the event loop is blocked. */
  private known: Required<Omit<FileContent, 'text'>> | undefined;
  /** As many endpoints did not fit into the file. */
  private tooMany = Infinity;

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
    private readonly clock: Clock,
    private readonly maxBytes = MAX_SNAPSHOT_BYTES,
  ) {}

  /**
   * Reads the lists of the file; none when the file does not exist. A corrupt file is renamed with a warning. A file that
   * cannot be read, or that another user may have written, is ignored with a warning and stays in place: its content
   * would decide where requests are sent. Temporary files of killed writers are deleted.
   */
  async load(): Promise<readonly SnapshotList[]> {
    await this.deleteAbandoned();
    return await this.readLists((reason) => {
      this.logger.warn(`Cannot read the snapshot ${this.path}, starting without it: ${reason}`);
    });
  }

  private async readLists(unreadable: (reason: string) => void): Promise<readonly SnapshotList[]> {
    let content: FileContent;
    try {
      content = await this.read();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') unreadable(message);
      return [];
    }
    const { version, text, lists } = content;
    if (lists) return lists;
    try {
      if (text === undefined) throw expected('snapshot', `at most ${this.maxBytes} bytes`, version.size);
      this.known = { version, lists: decodeSnapshot(text) };
      return this.known.lists;
    } catch (error) {
      await this.renameCorrupt(error as Error);
      return [];
    }
  }

  /**
   * Writes `lists` to the file. The file is replaced atomically and only its owner can read it. Lists of other services
   * in it are preserved; see {@link mergeSnapshots}. A failure is logged once as a warning, because the lists in memory
   * stay in use.
   */
  save(lists: readonly SnapshotList[]): Promise<void> {
    return this.writes.run(async () => {
      try {
        await withSnapshotLock(this.path, this.clock, async () => {
          // A file that another user may have written is replaced: load() has warned of it.
          const found = await this.readLists(() => undefined);
          await this.writeLists(mergeSnapshots(lists, found, this.clock.wall()));
        });
      } catch (error) {
        if (!this.failed)
          this.logger.warn(
            `Cannot write the snapshot ${this.path}; the lists in memory stay in use: ${(error as Error).message}`,
          );
        this.failed = true;
      }
    });
  }

  private async read(): Promise<FileContent> {
    const file = await open(this.path, constants.O_RDONLY | SAFE_OPEN_FLAGS);
    try {
      const version = await trustedVersion(file);
      if (this.known && isSameVersion(version, this.known.version)) return this.known;
      return version.size > this.maxBytes ? { version } : { version, text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  }

  private async writeLists(lists: readonly SnapshotList[]): Promise<void> {
    const count = lists.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
    // Reported already, and long lists take long to encode.
    if (count >= this.tooMany) return;
    const text = encodeSnapshot(lists);
    const size = Buffer.byteLength(text);
    if (size > this.maxBytes) {
      this.tooMany = count;
      throw new Error(
        `It would have ${size} bytes, and at most ${this.maxBytes} are read. The file stays as it was. Give each application a path of its own if several share this one.`,
      );
    }
    this.known = { version: await this.write(text), lists };
    this.tooMany = Infinity;
    this.failed = false;
  }

  private async write(text: string): Promise<FileVersion> {
    // The random name and the exclusive mode prevent that the write follows a symbolic link of another user.
    const temporary = `${this.path}.${randomBytes(12).toString('hex')}.tmp`;
    let version: FileVersion;
    try {
      const file = await open(temporary, 'wx', OWNER_ONLY_MODE);
      try {
        // `open` applies the umask to the mode.
        await file.chmod(OWNER_ONLY_MODE);
        await file.writeFile(text);
        await file.sync();
        version = await file.stat();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
      return version;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Ignores failures: the files only take space. */
  private async deleteAbandoned(): Promise<void> {
    const folder = dirname(this.path);
    const files = await readdir(folder).catch(() => []);
    const temporary = files.filter(
      (file) => file.startsWith(`${basename(this.path)}.`) && TEMPORARY_SUFFIX.test(file),
    );
    await Promise.all(
      temporary.map(async (file) => {
        const path = join(folder, file);
        const { mtimeMs } = await stat(path);
        if (this.clock.wall() - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
      }),
    ).catch(() => undefined);
  }

  private async renameCorrupt(error: Error): Promise<void> {
    const corrupt = `${this.path}.corrupt`;
    const outcome = await rename(this.path, corrupt).then(
      () => `Renamed it to ${corrupt}.`,
      () => 'Could not rename it.',
    );
    this.logger.warn(`Cannot use the snapshot ${this.path}, ignoring its lists: ${error.message} ${outcome}`);
  }
}

function isSameVersion(one: FileVersion, other: FileVersion): boolean {
  return one.ino === other.ino && one.size === other.size && one.mtimeMs === other.mtimeMs;
}

/** The version of a file. @throws Error when it is not a regular file, or when another user may have written it */
async function trustedVersion(file: FileHandle): Promise<FileVersion> {
  const stat = await file.stat();
  const { mode, uid } = stat;
  if (!stat.isFile()) throw new Error('It is not a regular file.');
  const own = process.getuid?.();
  // Windows has no user ids to compare.
  if (own === undefined) return stat;
  if (uid !== own && uid !== 0) throw new Error(`It belongs to user ${uid}, not to user ${own}.`);
  if ((mode & WRITABLE_BY_OTHERS_MODE) !== 0)
    throw new Error('Other users can write it: its mode must be 0600.');
  return stat;
}
