import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { type Logger } from '../kernel/logger.js';
import { decodeSnapshot, encodeSnapshot, type SnapshotList } from './snapshot-codec.js';

/** A larger file is no snapshot. */
const MAX_BYTES = 64 * 1_024 * 1_024;

/** The file in which the last good lists outlive the process. */
export class SnapshotFile {
  private writing: Promise<void> = Promise.resolve();
  private failed = false;
  private written = 0;

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  /** What was kept; nothing where there is no file. A corrupt one is set aside with a warning. */
  async load(): Promise<readonly SnapshotList[]> {
    try {
      const { size } = await stat(this.path);
      if (size > MAX_BYTES) throw new Error(`Expected at most ${MAX_BYTES} bytes, got ${size}.`);
      return decodeSnapshot(await readFile(this.path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      await this.setAside(error as Error);
      return [];
    }
  }

  /** Replaces the file as a whole, for its owner alone. A failure is a warning: the lists in memory go on. */
  save(lists: readonly SnapshotList[]): Promise<void> {
    this.writing = this.writing.then(async () => {
      try {
        await this.write(encodeSnapshot(lists));
        this.failed = false;
      } catch (error) {
        if (!this.failed)
          this.logger.warn(`The snapshot ${this.path} cannot be written: ${(error as Error).message}`);
        this.failed = true;
      }
    });
    return this.writing;
  }

  private async write(text: string): Promise<void> {
    this.written += 1;
    const temporary = `${this.path}.${process.pid}-${this.written}.tmp`;
    try {
      const file = await open(temporary, 'w', 0o600);
      try {
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

  private async setAside(error: Error): Promise<void> {
    const aside = `${this.path}.corrupt`;
    const moved = await rename(this.path, aside).then(
      () => `It was set aside as ${aside}.`,
      () => 'It could not be set aside.',
    );
    this.logger.warn(`The snapshot ${this.path} cannot be used: ${error.message} ${moved}`);
  }
}
