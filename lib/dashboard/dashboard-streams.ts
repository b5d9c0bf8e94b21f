import { Readable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type Clock, type Timer } from '../common/clock.js';
import { RowStore } from './row-store.js';
import { RowStream } from './row-stream.js';
import { type Row } from './rows.js';

/** Time between two looks at the state while a page is open. */
export const REFRESH_INTERVAL_MS = 250;

/** How long a reader may take what is waiting when the application stops. */
export const FINISH_MS = 1_000;

/** The response that carries a stream: Node's `ServerResponse`. */
export interface StreamConnection {
  /** Whether the reader has left. */
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/**
 * The open event streams. Looks at the state only while there is one. Ends them before the HTTP server closes, which
 * would otherwise wait for them.
 */
@Injectable()
export class DashboardStreams implements BeforeApplicationShutdown {
  private readonly store = new RowStore();
  private readonly streams = new Set<RowStream>();
  private readonly connections = new Set<StreamConnection>();
  private timer: Timer | undefined;
  private finishing: Timer | undefined;
  private leaving = false;

  constructor(
    private readonly clock: Clock,
    private readonly read: () => ReadonlyMap<string, Row>,
  ) {}

  /** Opens a stream; undefined once the HTTP server is closing. During a drain it can still be watched. */
  open(connection: StreamConnection): Readable | undefined {
    if (this.leaving) return undefined;
    // A reader that left while a guard was asked: `close` has been emitted already.
    if (connection.destroyed) return Readable.from([]);
    const stream = new RowStream(this.store, this.clock);
    this.streams.add(stream);
    this.connections.add(connection);
    connection.once('close', () => {
      this.connections.delete(connection);
      if (this.connections.size === 0) this.finishing?.cancel();
      stream.destroy();
    });
    stream.once('close', () => {
      this.streams.delete(stream);
      if (this.streams.size > 0) return;
      this.timer?.cancel();
      this.timer = undefined;
    });
    if (!this.timer) this.refresh();
    return stream;
  }

  beforeApplicationShutdown(): void {
    this.leaving = true;
    for (const stream of this.streams) stream.finish();
    if (this.connections.size === 0) return;
    // A reader that takes nothing must not hold up the shutdown: the HTTP server waits for its connections.
    this.finishing = this.clock.after(FINISH_MS, () => {
      for (const connection of this.connections) connection.destroy();
    });
  }

  private refresh(): void {
    if (this.store.replace(this.read())) for (const stream of this.streams) stream.notify();
    this.timer = this.clock.after(REFRESH_INTERVAL_MS, () => {
      this.refresh();
    });
  }
}
