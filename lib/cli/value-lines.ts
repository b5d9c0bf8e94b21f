import { createInterface, type Interface } from 'node:readline';
import { type Readable } from 'node:stream';
import { InputError } from './input.error.js';

/**
 * Reads each line of a stream as the next value, starting with its construction. When lines arrive faster than they are
 * written, only the newest is written.
 */
export class ValueLines {
  /** The newest value; an empty string before the first line. */
  newest = '';
  /** Resolves at the end of the stream. Rejects with an {@link InputError} when the stream cannot be read. */
  readonly ended: Promise<void>;

  private readonly lines: Interface;
  private write: (() => Promise<void>) | undefined;
  private unwritten = false;
  private writing: Promise<void> | undefined;

  /**
   * @param check throws for a line that is not a valid value; the line is skipped
   * @param refuse called with that error
   */
  constructor(
    input: Readable,
    private readonly check: (value: string) => void,
    private readonly refuse: (error: Error) => void,
  ) {
    this.lines = createInterface({ input, crlfDelay: Infinity });
    this.ended = new Promise((resolve, reject) => {
      this.lines.once('close', resolve);
      this.lines.on('error', (cause: Error) => {
        reject(new InputError(`Cannot read values from standard input: ${cause.message}.`, { cause }));
      });
    });
    // The caller may be interrupted before it awaits the end.
    this.ended.catch(() => undefined);
    this.lines.on('line', (line) => {
      this.take(line);
    });
  }

  /** Calls `write` for the newest value and for each later one. Calls do not overlap. */
  follow(write: () => Promise<void>): void {
    this.write = write;
    if (this.unwritten) this.start();
  }

  /** Resolves once the newest value is written. */
  async written(): Promise<void> {
    await this.writing;
  }

  /** Stops reading. */
  close(): void {
    this.lines.close();
  }

  private take(line: string): void {
    try {
      this.check(line);
    } catch (error) {
      this.refuse(error as Error);
      return;
    }
    this.newest = line;
    this.unwritten = true;
    this.start();
  }

  private start(): void {
    const { write } = this;
    if (!write) return;
    this.writing ??= this.writeAll(write).finally(() => {
      this.writing = undefined;
    });
  }

  private async writeAll(write: () => Promise<void>): Promise<void> {
    while (this.unwritten) {
      this.unwritten = false;
      await write();
    }
  }
}
