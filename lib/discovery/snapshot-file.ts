import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expected } from '../common/expected.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { withSnapshotLock } from './snapshot-lock.js';
import { mergeSnapshots } from './snapshot-merge.js';
import { decodeSnapshot, encodeSnapshot, type SnapshotList } from './snapshot-codec.js';

/** A larger file is no snapshot. */
const MAX_BYTES = 64 * 1_024 * 1_024;

/** Nobody but the owner. */
const PRIVATE = 0o600;
/** Group and others may write. */
const SHARED = 0o022;
/** Neither follows a link nor waits for whoever would write to a pipe. */
const NO_SURPRISE = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The end of the name of a file that is being written. */
const TEMPORARY = /\.[0-9a-f]{24}\.tmp$/;

/** Milliseconds after which a file that was being written is one whose writer was killed. */
const ABANDONED = 60_000;

/** The file in which the last good lists outlive the process. */
export class SnapshotFile {
  private writing: Promise<void> = Promise.resolve();
  private failed = false;

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /**
   * What was kept; nothing where there is no file. A corrupt one is set aside with a warning. One that cannot be read, or
   * that somebody else may have written, is left where it is: it would decide where requests go. What killed writers
   * have left beside it is removed.
   */
  async load(): Promise<readonly SnapshotList[]> {
    await this.tidy();
    return await this.content((reason) => {
      this.logger.warn(`The snapshot ${this.path} cannot be read: ${reason}`);
    });
  }

  private async content(unreadable: (reason: string) => void): Promise<readonly SnapshotList[]> {
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
      if (size > MAX_BYTES) throw expected('snapshot', `at most ${MAX_BYTES} bytes`, size);
      return decodeSnapshot(text);
    } catch (error) {
      await this.setAside(error as Error);
      return [];
    }
  }

  /**
   * Writes `lists` into the file, which is replaced as a whole and readable by its owner alone. What it holds of other
   * services stays; see {@link mergeSnapshots}. A failure is a warning: the lists in memory stay in use.
   */
  save(lists: readonly SnapshotList[]): Promise<void> {
    this.writing = this.writing.then(async () => {
      try {
        await withSnapshotLock(this.path, this.clock, async () => {
          // What another user may have written is replaced, as load() has warned.
          const found = await this.content(() => undefined);
          await this.write(encodeSnapshot(mergeSnapshots(lists, found, this.clock.wall())));
        });
        this.failed = false;
      } catch (error) {
        if (!this.failed)
          this.logger.warn(`The snapshot ${this.path} cannot be written: ${(error as Error).message}`);
        this.failed = true;
      }
    });
    return this.writing;
  }

  private async read(): Promise<{ readonly size: number; readonly text: string }> {
    const file = await open(this.path, constants.O_RDONLY | NO_SURPRISE);
    try {
      const size = await trustedSize(file);
      return { size, text: size > MAX_BYTES ? '' : await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  }

  private async write(text: string): Promise<void> {
    // A name nobody can guess, and made anew: a link that somebody has put there is never followed.
    const temporary = `${this.path}.${randomBytes(12).toString('hex')}.tmp`;
    try {
      const file = await open(temporary, 'wx', PRIVATE);
      try {
        // Whatever the umask says.
        await file.chmod(PRIVATE);
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

  /** Nobody's business when it fails: the files are in the way of nothing. */
  private async tidy(): Promise<void> {
    const folder = dirname(this.path);
    const files = await readdir(folder).catch(() => []);
    const begun = files.filter((file) => file.startsWith(`${basename(this.path)}.`) && TEMPORARY.test(file));
    await Promise.all(
      begun.map(async (file) => {
        const path = join(folder, file);
        const { mtimeMs } = await stat(path);
        if (this.clock.wall() - mtimeMs > ABANDONED) await rm(path, { force: true });
      }),
    ).catch(() => undefined);
  }

  private async setAside(error: Error): Promise<void> {
    const aside = `${this.path}.corrupt`;
    const moved = await rename(this.path, aside).then(
      () => `It was set aside as ${aside}.`,
      () => 'It could not be set aside.',
    );
    this.logger.warn(`The snapshot ${this.path} cannot be used: ${error.message} ${moved}`);
  }
}

/** @throws Error when it is no file, or one that somebody else may have written */
async function trustedSize(file: FileHandle): Promise<number> {
  const stat = await file.stat();
  const { mode, size, uid } = stat;
  if (!stat.isFile()) throw new Error('It is not a file.');
  const own = process.getuid?.();
  // Without user ids, as on Windows, there is nothing to go by.
  if (own === undefined) return size;
  if (uid !== own && uid !== 0) throw new Error(`It belongs to user ${uid}, not to user ${own}.`);
  if ((mode & SHARED) !== 0) throw new Error('It can be written by other users: its mode must be 0600.');
  return size;
}
