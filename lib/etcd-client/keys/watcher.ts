import { AbortScope } from '../../common/async/abort-scope.js';
import { attempt } from '../../common/async/deadline.js';
import { forEachLimited, Semaphore } from '../../common/async/semaphore.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { ClosedError } from '../../common/errors/index.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { hexId } from '../hex-id.js';
import { eventResponse, leaseOfDelete } from './event-response.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import {
  type KeysPort,
  MAX_CONCURRENT_LEASE_REQUESTS,
  type WatchedEvents,
  type WatchRange,
} from './keys-port.js';
import { type KeysResponse } from './node.js';
import { read } from './operations.js';

/** The options of a watcher, complete. */
export interface WatcherSettings {
  readonly afterIndex: number;
  readonly recursive: boolean;
}

/** A watch stays open for this long while no call of {@link Watcher.next} waits for an event. */
export const IDLE_TIMEOUT_MS = 5_000;

interface OpenWatch {
  readonly scope: AbortScope;
  /** Created once; an aborted call does not end it. */
  readonly batches: Promise<AsyncIterator<WatchedEvents, unknown>>;
  /** The batch that was requested and is not yet queued. */
  batch: Promise<IteratorResult<WatchedEvents, unknown>> | undefined;
}

/**
 * Delivers the events of a key, and with `recursive` of all keys below it, one at a time and in the store's order. Each
 * event is delivered exactly once, also across members.
 *
 * The watcher remembers its position, so the next call continues after an error:
 *
 * - After an abort or an outage it continues after the last event.
 * - After a 401 (the history was compacted, so events are missing) it continues with the oldest event left.
 * - After a 400 (another cluster, or one restored from a backup) it continues with new events.
 *
 * The watch on the server is closed after five seconds without a call.
 */
export class Watcher implements AsyncIterable<KeysResponse> {
  private from: number | undefined;
  private clusterId = '0';
  private readonly queue: KeysResponse[] = [];
  private readonly mutex = new Semaphore(1);
  private open: OpenWatch | undefined;
  private idleTimer: Timer | undefined;

  constructor(
    private readonly port: KeysPort,
    private readonly clock: Clock,
    private readonly path: KeyPath,
    private readonly settings: WatcherSettings,
    /** The watchers of the client with an open watch; this one adds and removes itself. */
    private readonly openWatchers: Set<Watcher>,
  ) {
    this.from = settings.afterIndex > 0 ? settings.afterIndex + 1 : undefined;
  }

  /**
   * Waits for the next event, without a timeout. Concurrent calls get one event each.
   *
   * @throws the signal's reason when the caller aborts
   * @throws KeysError 400 or 401 if events may be missing, 110 if permission is denied
   * @throws ClusterError if no endpoint served the watch
   * @throws ClosedError when the watcher is closed meanwhile
   */
  async next(signal?: AbortSignal): Promise<KeysResponse> {
    for (;;) {
      await this.mutex.run(async () => this.fill(signal), signal);
      // The event is taken after the last point where the call can be aborted, so an aborted call never loses one.
      const event = this.queue.shift();
      if (event) return event;
    }
  }

  /** Iterates over all events; the end of the loop closes the watcher. */
  [Symbol.asyncIterator](): AsyncGenerator<KeysResponse, void, void> {
    return this.events();
  }

  /**
   * Iterates over all events until `signal` aborts; the end of the loop closes the watcher.
   *
   * @throws as {@link Watcher.next}
   */
  async *events(signal?: AbortSignal): AsyncGenerator<KeysResponse, void, void> {
    try {
      for (;;) yield await this.next(signal);
    } finally {
      this.close();
    }
  }

  /**
   * Closes the watch on the server. Waiting calls reject with a `ClosedError`. A later call of {@link Watcher.next}
   * continues after the last event.
   */
  close(): void {
    this.idleTimer?.cancel();
    this.idleTimer = undefined;
    this.openWatchers.delete(this);
    this.open?.scope.close();
    this.open = undefined;
  }

  /** Waits until the queue has an event. */
  private async fill(signal: AbortSignal | undefined): Promise<void> {
    this.idleTimer?.cancel();
    this.idleTimer = undefined;
    try {
      while (this.queue.length === 0) await this.advance(signal);
    } catch (error) {
      if (signal?.aborted !== true) {
        this.close();
        this.moveAfter(error);
      }
      throw error;
    } finally {
      if (this.open) this.idleTimer = this.clock.after(IDLE_TIMEOUT_MS, () => this.close());
    }
  }

  /** Queues the events of one batch. After an abort, the next call uses the batch. */
  private async advance(signal: AbortSignal | undefined): Promise<void> {
    const watch = (this.open ??= this.start());
    watch.batch ??= watch.batches.then(async (batches) => batches.next());
    // It may fail while no call waits; the next call reports the error.
    watch.batch.catch(() => undefined);
    const { batch } = watch;
    const what = `watching ${this.path.key}`;
    const result = await attempt({ clock: this.clock, timeoutMs: Infinity, signal, what }, async () => batch);
    if (result.done === true) throw new ClosedError('The watcher');
    await this.enqueue(result.value, signal);
    watch.batch = undefined;
  }

  private start(): OpenWatch {
    const scope = new AbortScope('The watcher');
    this.openWatchers.add(this);
    return { scope, batches: this.begin(scope.signal), batch: undefined };
  }

  private async begin(signal: AbortSignal): Promise<AsyncIterator<WatchedEvents, unknown>> {
    const { revision, clusterId } = await this.now(signal);
    this.clusterId = clusterId;
    this.from ??= revision + 1;
    return this.port.watch(this.range(this.from), signal)[Symbol.asyncIterator]();
  }

  /** Sets the position from which the next call continues after an error. */
  private moveAfter(error: unknown): void {
    if (KeysError.is(error, KeysErrorCode.EventIndexCleared)) this.from = Math.max(error.index, 1);
    if (KeysError.is(error, KeysErrorCode.WatcherCleared)) this.from = undefined;
  }

  /** The store's current revision, by a read that needs only the permission for the watch. */
  private async now(signal: AbortSignal): Promise<{ readonly revision: number; readonly clusterId: string }> {
    const key = this.path.slashed ? this.path.directory : this.path.key;
    const { header } = await this.port.txn(
      { success: [read(key, { keysOnly: true })] },
      { signal, oneShot: false },
    );
    return { revision: Number(header.revision), clusterId: header.cluster_id };
  }

  /**
   * The range of the watch. A key and the keys below it are no contiguous range: keys like `/a-b` sort between `/a` and
   * `/a/b`. The watch covers them, and their events are dropped.
   */
  private range(fromRevision: number): WatchRange {
    const { key, directory, slashed, root } = this.path;
    const { clusterId } = this;
    if (!this.settings.recursive)
      return { key: slashed ? directory : key, rangeEnd: undefined, fromRevision, clusterId };
    const from = slashed || root ? directory : key;
    return { key: from, rangeEnd: rangeEnd(directory), fromRevision, clusterId };
  }

  private async enqueue({ events, revision }: WatchedEvents, signal: AbortSignal | undefined): Promise<void> {
    const missingLeases = await this.missingLeases(events.map(leaseOfDelete), signal);
    const context = {
      path: this.path,
      recursive: this.settings.recursive,
      clusterId: hexId(this.clusterId),
      missingLeases,
    };
    for (const event of events) {
      const response = eventResponse(event, context);
      if (response) this.queue.push(response);
    }
    this.from = Math.max(this.from ?? 0, revision + 1);
  }

  /** The leases among these that no longer exist. */
  private async missingLeases(
    leases: readonly (string | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    const ids = new Set(leases.filter((id) => id !== undefined));
    await forEachLimited(ids, MAX_CONCURRENT_LEASE_REQUESTS, async (id) => {
      const left = await this.port.timeToLive(id, false, signal);
      if (left === undefined || left.ttl <= 0) missing.add(id);
    });
    return missing;
  }
}
