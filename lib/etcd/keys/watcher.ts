import { type Clock } from '../../kernel/clock.js';
import { attempt } from '../../kernel/deadline.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { eventResponse, leaseOfDelete } from './event.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { type KeysPort, type WatchedEvents, type WatchRange } from './keys-port.js';
import { Lanes } from './lanes.js';
import { type KeysResponse } from './node.js';
import { read } from './operations.js';

/** What a watcher follows, complete. */
export interface WatcherSettings {
  readonly afterIndex: number;
  readonly recursive: boolean;
}

const LANE = 'next';

/**
 * Events of a key, or of everything below it, one at a time and in the store's order: none lost, none twice, whatever
 * members do. It remembers where it is, so that an error costs nothing but another call: an abort or an outage goes
 * on after the last event, and after a 401 (the history was compacted, so events are missing) the next call goes on with
 * the oldest event there still is. It holds nothing open between calls of `next`.
 */
export class Watcher implements AsyncIterable<KeysResponse> {
  private from: number | undefined;
  private queue: KeysResponse[] = [];
  private readonly lanes = new Lanes();

  constructor(
    private readonly port: KeysPort,
    private readonly clock: Clock,
    private readonly path: KeyPath,
    private readonly settings: WatcherSettings,
  ) {
    this.from = settings.afterIndex > 0 ? settings.afterIndex + 1 : undefined;
  }

  /**
   * The next event; waits for it as long as it takes. Calls side by side get one event each.
   *
   * @throws the signal's reason when the caller gives up
   * @throws KeysError 401 when events between the last one and now are gone
   */
  async next(signal?: AbortSignal): Promise<KeysResponse> {
    const what = `waiting for an event of ${this.path.key}`;
    for (;;) {
      await attempt({ clock: this.clock, timeout: Infinity, signal, what }, async (inner) =>
        this.lanes.run(LANE, async () => this.fill(inner)),
      );
      // Taken only now that nothing can be aborted any more: an event is never taken by a call that failed.
      const event = this.queue.shift();
      if (event) return event;
    }
  }

  /** Every event from here on, over one watch that ends with the loop. */
  [Symbol.asyncIterator](): AsyncGenerator<KeysResponse, void, void> {
    return this.events();
  }

  /** As iterating the watcher itself, until `signal` aborts; its reason is then thrown. */
  async *events(signal?: AbortSignal): AsyncGenerator<KeysResponse, void, void> {
    yield* this.drain();
    for await (const _ of this.batches(signal)) yield* this.drain();
  }

  private *drain(): Generator<KeysResponse, void, void> {
    for (let event = this.queue.shift(); event; event = this.queue.shift()) yield event;
  }

  private async fill(signal: AbortSignal): Promise<void> {
    if (this.queue.length > 0) return;
    for await (const _ of this.batches(signal)) if (this.queue.length > 0) return;
  }

  /** Moves batches into the queue, one at a time, until `signal` aborts. */
  private async *batches(signal?: AbortSignal): AsyncGenerator<void, void, void> {
    const stop = new AbortController();
    const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    try {
      this.from ??= (await this.now(until)) + 1;
      for await (const batch of this.port.watch(this.range(this.from), until)) {
        await this.take(batch, until);
        yield;
      }
      until.throwIfAborted();
    } catch (error) {
      if (KeysError.is(error, KeysErrorCode.EventIndexCleared)) this.from = Math.max(error.index, 1);
      throw error;
    } finally {
      stop.abort();
    }
  }

  /** The store's revision, by a read that whoever may watch the key may make. */
  private async now(signal: AbortSignal): Promise<number> {
    const key = this.path.slashed ? this.path.directory : this.path.key;
    const answer = await this.port.txn(
      { success: [read(key, { keysOnly: true })] },
      { signal, oneShot: false },
    );
    return Number(answer.header.revision);
  }

  /**
   * One key or one range. A directory's own name and what is below it make one range only together with names in
   * between (`/a` … `/a-b` … `/a/b`); these are left out of what is told.
   */
  private range(fromRevision: number): WatchRange {
    const { key, directory, slashed, root } = this.path;
    if (!this.settings.recursive)
      return { key: slashed ? directory : key, rangeEnd: undefined, fromRevision };
    return { key: slashed || root ? directory : key, rangeEnd: rangeEnd(directory), fromRevision };
  }

  private async take({ events, revision, clusterId }: WatchedEvents, signal: AbortSignal): Promise<void> {
    const goneLeases = await this.goneLeases(events.map(leaseOfDelete), signal);
    const context = { path: this.path, recursive: this.settings.recursive, clusterId, goneLeases };
    for (const event of events) {
      const response = eventResponse(event, context);
      if (response) this.queue.push(response);
    }
    this.from = Math.max(this.from ?? 0, revision + 1);
  }

  private async goneLeases(
    leases: readonly (string | undefined)[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const gone = new Set<string>();
    const asked = new Set(leases.filter((id) => id !== undefined));
    await Promise.all(
      [...asked].map(async (id) => {
        const left = await this.port.timeToLive(id, false, signal);
        if (left === undefined || left.ttl <= 0) gone.add(id);
      }),
    );
    return gone;
  }
}
