import { Readable } from 'node:stream';
import { type Clock, type Timer } from '../common/clock.js';
import { type RowStore } from './row-store.js';
import { type RowsMessage } from './rows.js';

/** Time without a message after which a comment keeps proxies from closing the connection. */
export const KEEP_ALIVE_MS = 15_000;

/**
 * The event stream of one reader. It is pulled: it takes the newest rows from the store whenever the connection has room,
 * so a slow reader misses intermediate states and costs no memory.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class RowStream extends Readable {
  private version = 0;
  private hasRoom = false;
  private finished = false;
  private keepAlive: Timer | undefined;

  constructor(
    private readonly store: RowStore,
    private readonly clock: Clock,
  ) {
    // One message at a time: the next one is made when the connection has taken the last.
    super({ highWaterMark: 1 });
    this.restartKeepAlive();
  }

  /** Called by the store's owner after each change. */
  notify(): void {
    if (this.hasRoom && !this.finished) this.flush();
  }

  /** Ends the stream once its reader has taken what is waiting. */
  finish(): void {
    if (this.finished || this.destroyed) return;
    this.finished = true;
    this.keepAlive?.cancel();
    this.push(null);
  }

  override _read(): void {
    this.hasRoom = true;
    this.flush();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.keepAlive?.cancel();
    callback(error);
  }

  private flush(): void {
    const delta = this.store.since(this.version);
    if (!delta) return;
    const { version, complete, rows, removed } = delta;
    this.version = version;
    const message: RowsMessage = { complete, now: this.clock.wall(), rows, removed };
    this.send(`data: ${JSON.stringify(message)}\n\n`);
  }

  private send(text: string): void {
    this.hasRoom = false;
    this.restartKeepAlive();
    this.push(text);
  }

  private restartKeepAlive(): void {
    this.keepAlive?.cancel();
    this.keepAlive = this.clock.after(KEEP_ALIVE_MS, () => {
      if (this.hasRoom) this.send(':\n\n');
      else this.restartKeepAlive();
    });
  }
}
