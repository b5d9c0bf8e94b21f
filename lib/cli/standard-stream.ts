import { once } from 'node:events';
import { type Writable } from 'node:stream';

/**
 * Writes to a standard stream until the stream fails. Without an error listener Node would end the process at once, before
 * the program cleans up. The stream is opened by the first write: opening it makes the pipe non-blocking, also for a child
 * process that inherits it.
 */
export class StandardStream {
  private stream: Writable | undefined;
  private failed = false;

  /** @param onFailure Called once. */
  constructor(
    private readonly open: () => Writable,
    private readonly onFailure: (error: NodeJS.ErrnoException) => void,
  ) {}

  readonly write = (chunk: string | Uint8Array): void => {
    this.stream ??= this.opened();
    if (!this.failed) this.stream.write(chunk);
  };

  /** Resolves when the stream can take more without keeping it in memory, has failed, or `signal` is aborted. */
  async drained(signal: AbortSignal): Promise<void> {
    const { stream, failed } = this;
    if (failed || stream?.writableNeedDrain !== true) return;
    // An error of the stream is `onFailure`'s.
    await once(stream, 'drain', { signal }).catch(() => undefined);
  }

  private opened(): Writable {
    const stream = this.open();
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.failed) return;
      this.failed = true;
      this.onFailure(error);
    });
    return stream;
  }
}
