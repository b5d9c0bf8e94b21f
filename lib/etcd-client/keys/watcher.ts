import { type Clock, type Timer } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { ClosedError } from '../../common/errors/index.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { hexId } from '../hex-id.js';
import { eventResponse, leaseOfDelete } from './event-response.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { type KeysPort, type WatchedEvents, type WatchRange } from './keys-port.js';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { type KeysResponse } from './node.js';
import { read } from './operations.js';

/** What a watcher follows, complete. */
export interface WatcherSettings {
  readonly afterIndex: number;
  readonly recursive: boolean;
}

/** Milliseconds a watch is kept open while nobody waits for its next event. */
export const IDLE_TIMEOUT_MS = 5_000;

const LANE = 'next';

interface OpenWatch {
  /** Begun once, however often callers give up waiting for it. */
  readonly batches: Promise<AsyncIterator<WatchedEvents, unknown>>;
  readonly stop: AbortController;
  /** What was read and is not yet told. */
  batch: Promise<IteratorResult<WatchedEvents, unknown>> | undefined;
}

/**
 * Events of a key, or of everything below it, one at a time and in the store's order: none lost, none twice, whatever
 * members do. It remembers where it is, so that an error costs nothing but another call: after an abort or an outage it
 * goes on behind the last event. After a 401 (the history was compacted, so events are missing) the next call goes on
 * with the oldest event there still is, after a 400 (another cluster, or one restored from a backup) with what happens
 * from then on. What it holds open on the client ends by itself once nobody has waited for {@link IDLE_TIMEOUT_MS} ms.
 */
export class Watcher implements AsyncIterable<KeysResponse> {
  private from: number | undefined;
  private clusterId = '0';
  private readonly queue: KeysResponse[] = [];
  private readonly mutex = new KeyedMutex();
  private open: OpenWatch | undefined;
  private idleTimer: Timer | undefined;

  constructor(
    private readonly port: KeysPort,
    private readonly clock: Clock,
    private readonly path: KeyPath,
    private readonly settings: WatcherSettings,
    /** Hears of watchers that hold something open, and of those that no longer do. */
    private readonly openWatchers: Set<Watcher>,
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
      await attempt({ clock: this.clock, timeoutMs: Infinity, signal, what }, async (inner) =>
        this.mutex.run(LANE, async () => this.fill(inner)),
      );
      // Taken only now that nothing can be aborted any more: an event is never taken by a call that failed.
      const event = this.queue.shift();
      if (event) return event;
    }
  }

  /** Every event from here on. */
  [Symbol.asyncIterator](): AsyncGenerator<KeysResponse, void, void> {
    return this.events();
  }

  /** As iterating the watcher itself, until `signal` aborts; its reason is then thrown. */
  async *events(signal?: AbortSignal): AsyncGenerator<KeysResponse, void, void> {
    try {
      for (;;) yield await this.next(signal);
    } finally {
      this.close();
    }
  }

  /** Lets go of what is held open, at once; who waits gets a `ClosedError`. Another `next` goes on where it was. */
  close(): void {
    this.idleTimer?.cancel();
    this.idleTimer = undefined;
    this.openWatchers.delete(this);
    this.open?.stop.abort(new ClosedError('The watcher'));
    this.open = undefined;
  }

  /** Waits until there is an event in the queue. */
  private async fill(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.idleTimer?.cancel();
    this.idleTimer = undefined;
    try {
      while (this.queue.length === 0) await this.advance(signal);
    } catch (error) {
      if (!signal.aborted) {
        this.close();
        this.learnFrom(error);
      }
      throw error;
    } finally {
      if (this.open) this.idleTimer = this.clock.after(IDLE_TIMEOUT_MS, () => this.close());
    }
  }

  /** Reads one batch. What was read when the signal aborts is taken by the next call. */
  private async advance(signal: AbortSignal): Promise<void> {
    const watch = (this.open ??= this.start());
    watch.batch ??= watch.batches.then(async (batches) => batches.next());
    // Nobody may be waiting when it fails; the next call sees it.
    watch.batch.catch(() => undefined);
    const { batch } = watch;
    const what = `watching ${this.path.key}`;
    const read = await attempt({ clock: this.clock, timeoutMs: Infinity, signal, what }, async () => batch);
    if (read.done === true) throw new ClosedError('The watcher');
    await this.take(read.value, signal);
    watch.batch = undefined;
  }

  private start(): OpenWatch {
    const stop = new AbortController();
    this.openWatchers.add(this);
    return { batches: this.begin(stop.signal), stop, batch: undefined };
  }

  private async begin(signal: AbortSignal): Promise<AsyncIterator<WatchedEvents, unknown>> {
    const { revision, clusterId } = await this.now(signal);
    this.clusterId = clusterId;
    this.from ??= revision + 1;
    return this.port.watch(this.range(this.from), signal)[Symbol.asyncIterator]();
  }

  private learnFrom(error: unknown): void {
    if (KeysError.is(error, KeysErrorCode.EventIndexCleared)) this.from = Math.max(error.index, 1);
    if (KeysError.is(error, KeysErrorCode.WatcherCleared)) this.from = undefined;
  }

  /** Where the store is, by a read that whoever may watch the key may make. */
  private async now(signal: AbortSignal): Promise<{ readonly revision: number; readonly clusterId: string }> {
    const key = this.path.slashed ? this.path.directory : this.path.key;
    const { header } = await this.port.txn(
      { success: [read(key, { keysOnly: true })] },
      { signal, oneShot: false },
    );
    return { revision: Number(header.revision), clusterId: header.cluster_id };
  }

  /**
   * One key or one range. A directory's own name and what is below it make one range only together with names in
   * between (`/a` … `/a-b` … `/a/b`); these are left out of what is told.
   */
  private range(fromRevision: number): WatchRange {
    const { key, directory, slashed, root } = this.path;
    const { clusterId } = this;
    if (!this.settings.recursive)
      return { key: slashed ? directory : key, rangeEnd: undefined, fromRevision, clusterId };
    const from = slashed || root ? directory : key;
    return { key: from, rangeEnd: rangeEnd(directory), fromRevision, clusterId };
  }

  private async take({ events, revision }: WatchedEvents, signal: AbortSignal): Promise<void> {
    const goneLeases = await this.goneLeases(events.map(leaseOfDelete), signal);
    const context = {
      path: this.path,
      recursive: this.settings.recursive,
      clusterId: hexId(this.clusterId),
      goneLeases,
    };
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
