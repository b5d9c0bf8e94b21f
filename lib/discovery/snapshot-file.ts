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

/** Upper bound of the size of a snapshot, so that a wrong path does not fill the memory. */
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

/** The file that stores the last good lists between two runs of the process. */
export class SnapshotFile {
  private readonly writes = new Semaphore(1);
  private failed = false;

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
    private readonly clock: Clock,
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
    let size: number;
    let text: string;
    try {
      ({ size, text } = await this.read());
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') unreadable(message);
      return [];
    }
    try {
      if (size > MAX_SNAPSHOT_BYTES) throw expected('snapshot', `at most ${MAX_SNAPSHOT_BYTES} bytes`, size);
      return decodeSnapshot(text);
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
          await this.write(encodeSnapshot(mergeSnapshots(lists, found, this.clock.wall())));
        });
        this.failed = false;
      } catch (error) {
        if (!this.failed)
          this.logger.warn(
            `Cannot write the snapshot ${this.path}; the lists in memory stay in use: ${(error as Error).message}`,
          );
        this.failed = true;
      }
    });
  }

  private async read(): Promise<{ readonly size: number; readonly text: string }> {
    const file = await open(this.path, constants.O_RDONLY | SAFE_OPEN_FLAGS);
    try {
      const size = await trustedSize(file);
      return { size, text: size > MAX_SNAPSHOT_BYTES ? '' : await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  }

  private async write(text: string): Promise<void> {
    // The random name and the exclusive mode prevent that the write follows a symbolic link of another user.
    const temporary = `${this.path}.${randomBytes(12).toString('hex')}.tmp`;
    try {
      const file = await open(temporary, 'wx', OWNER_ONLY_MODE);
      try {
        // `open` applies the umask to the mode.
        await file.chmod(OWNER_ONLY_MODE);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
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

/** The size in bytes. @throws Error when it is not a regular file, or when another user may have written it */
async function trustedSize(file: FileHandle): Promise<number> {
  const stat = await file.stat();
  const { mode, size, uid } = stat;
  if (!stat.isFile()) throw new Error('It is not a regular file.');
  const own = process.getuid?.();
  // Windows has no user ids to compare.
  if (own === undefined) return size;
  if (uid !== own && uid !== 0) throw new Error(`It belongs to user ${uid}, not to user ${own}.`);
  if ((mode & WRITABLE_BY_OTHERS_MODE) !== 0)
    throw new Error('Other users can write it: its mode must be 0600.');
  return size;
}
