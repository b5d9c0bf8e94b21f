import type { IWatchRequest, IWatchResponse } from 'etcd3';
import { type Clock } from '../common/clock.js';
import { type Random } from '../common/random.js';
import { ClusterError } from './errors/cluster.error.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { isInRange } from './key-range.js';
import { type EtcdCaller } from './request.js';
import { StoreChecks } from './store-checks.js';
import { StoreComparison } from './store-comparison.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';
import { type EtcdWatchRequest } from './watch-request.js';
import { type WatchNotification } from './watch-notification.js';
import { WatchNumbers } from './watch-numbers.js';
import { WatchQueue } from './watch-queue.js';
import { type WatchState } from './watch-state.js';
import { HEARTBEAT_MS, WatchStream } from './watch-stream.js';
import { WatchProgress } from './watch-progress.js';

/** Heartbeats between two signs of life of one watch: there may be very many. */
const ALIVE_SPACING = 3_000 / HEARTBEAT_MS;

/** Heartbeats that a server which gets one request at a time may take to begin a watch. */
const BEGIN_HEARTBEATS = 10;
/** Heartbeats without another refusal after which a watch that was cancelled counts as served. */
const SERVED_HEARTBEATS = 4;
/** The cluster id of an answer that a proxy made up. Its revision is none of the store's. */
const NO_CLUSTER = '0';

const PERMISSION_DENIED = 7;
const REFUSED_USER = /invalid auth token|permission denied|auth store is old|user name is empty/;

/**
 * Watches of one client. However many there are, they share one {@link WatchStream}: a server that stays silent, or
 * that has lost its leader, is left for the next, and every watch goes on behind the last event it was given. Life is a
 * property of the stream: whatever is said on it is a sign of life for all, those too that wait for their turn to begin.
 */
export class EtcdWatches {
  private readonly watches = new Map<number, WatchState>();
  private readonly stream: WatchStream;
  private readonly store: StoreChecks;
  private readonly comparison: StoreComparison;
  /** Of the stream that is open. */
  private numbers: WatchNumbers<WatchState> | undefined;
  /** The heartbeat at which the last watch began. */
  private begunAt = 0;
  private lastId = 0;

  constructor(
    client: EtcdCaller & EtcdStreamOpener,
    deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.store = new StoreChecks(client);
    this.comparison = new StoreComparison(this.store, {
      onAnother: (watch, reason) => {
        this.replaced(watch, reason);
      },
      onLocated: (watch) => {
        this.notifyAlive(watch);
      },
    });
    this.stream = new WatchStream(client, deps, {
      onOpen: (stream) => {
        this.connected(stream);
      },
      onAnswer: (answer, stream) => {
        this.handleAnswer(answer, stream);
      },
      onLost: () => {
        this.numbers = undefined;
        for (const watch of this.watches.values()) watch.created = false;
      },
      onEnd: (error) => {
        this.end(error);
      },
      onHeartbeat: () => {
        this.checkWatches();
      },
      onRead: ({ cluster_id: clusterId, revision }) => {
        this.comparison.compare([...this.watches.values()], clusterId, BigInt(revision));
      },
      beforeRead: () => this.comparison.begin([...this.watches.values()]),
    });
    client.onClose((error) => {
      this.end(error);
    });
  }

  /** How many watches there are. */
  get size(): number {
    return this.watches.size;
  }

  /** Why the stream is down: each endpoint's error since it last worked, in order. Empty while it works. */
  get failures(): readonly EndpointError[] {
    return this.stream.failures;
  }

  /**
   * Follows a range of keys until `signal` is aborted, which is no error, or the iterator is returned. Where no server
   * can be reached it waits, for as long as its patience lasts.
   *
   * @throws EtcdResponseError when the cluster refuses: permission denied, wrong password
   * @throws ClusterError when its patience is at an end
   * @throws ClosedError when the client is closed
   */
  watch(request: EtcdWatchRequest, signal: AbortSignal): AsyncIterableIterator<WatchNotification, void> {
    const stop = (): void => {
      this.finish(watch);
    };
    const watch: WatchState = {
      id: (this.lastId += 1),
      request,
      progress: new WatchProgress(request.after, request.fingerprint),
      queue: new WatchQueue((newer, older) => newer.kind === 'alive' && older.kind === 'alive', stop),
      release: () => {
        signal.removeEventListener('abort', stop);
      },
      clusterId: request.clusterId,
      created: false,
      createdAt: 0,
      cancelled: undefined,
      suspect: false,
      floor: undefined,
      since: this.stream.beat,
      notifiedAt: this.stream.beat,
    };
    if (signal.aborted) {
      watch.queue.end();
    } else {
      signal.addEventListener('abort', stop, { once: true });
      this.add(watch);
    }
    return watch.queue;
  }

  /** Ends every watch with `error`. */
  end(error: Error): void {
    for (const watch of [...this.watches.values()]) this.finish(watch, error);
  }

  private add(watch: WatchState): void {
    this.watches.set(watch.id, watch);
    if (this.numbers) this.begin(this.numbers, watch);
    else this.stream.start();
  }

  private finish(watch: WatchState, error?: Error): void {
    watch.release();
    watch.queue.end(error);
    if (!this.watches.delete(watch.id)) return;
    if (this.watches.size > 0) {
      this.numbers?.end(watch);
      return;
    }
    this.numbers = undefined;
    this.stream.stop();
  }

  private connected(stream: EtcdStream<IWatchRequest>): void {
    const numbers = new WatchNumbers<WatchState>(
      (watch) => {
        this.create(stream, watch);
      },
      (number) => {
        stream.write({ cancel_request: { watch_id: number } });
      },
    );
    this.numbers = numbers;
    this.begunAt = this.stream.beat;
    for (const watch of this.watches.values()) {
      watch.progress.onAnotherStream();
      this.begin(numbers, watch);
    }
  }

  private begin(numbers: WatchNumbers<WatchState>, watch: WatchState): void {
    if (!numbers.next) this.begunAt = this.stream.beat;
    numbers.begin(watch);
  }

  /** Gives signs of life, and ends watches whose patience is at an end. */
  private checkWatches(): void {
    const { beat, servedBy, current } = this.stream;
    if (current && this.numbers?.next && beat - this.begunAt > BEGIN_HEARTBEATS)
      current.fail(`began no watch within ${BEGIN_HEARTBEATS * HEARTBEAT_MS} ms`);
    const alive = this.stream.current !== undefined && beat - servedBy <= 1;
    let error: ClusterError | undefined;
    for (const watch of this.watches.values()) {
      const { request, progress, since, notifiedAt, cancelled, created, createdAt } = watch;
      if (cancelled && created && beat - createdAt >= SERVED_HEARTBEATS) watch.cancelled = undefined;
      const patience = (request.unavailableTimeoutMs ?? Infinity) / HEARTBEAT_MS;
      if (watch.cancelled) {
        if (beat - watch.cancelled.since >= patience)
          this.finish(watch, new ClusterError([watch.cancelled.error]));
      } else if (alive) {
        if (beat - notifiedAt >= ALIVE_SPACING && progress.position !== undefined) this.notifyAlive(watch);
      } else if (beat - Math.max(servedBy, since) >= patience) {
        error ??= new ClusterError(this.failures);
        this.finish(watch, error);
      }
    }
  }

  private notifyAlive(watch: WatchState): void {
    watch.notifiedAt = this.stream.beat;
    watch.queue.push({ kind: 'alive', revision: watch.progress.position ?? 0n });
  }

  private create(stream: EtcdStream<IWatchRequest>, watch: WatchState): void {
    const { key, rangeEnd, prevKv = false } = watch.request;
    stream.write({
      create_request: {
        key,
        ...(rangeEnd && { range_end: rangeEnd }),
        start_revision: watch.progress.start,
        prev_kv: prevKv,
        watch_id: watch.id,
        fragment: true,
      },
    });
  }

  private handleAnswer(answer: IWatchResponse, stream: EtcdStream<IWatchRequest>): void {
    const watch = this.numbers?.take(answer);
    if (answer.created) {
      this.begunAt = this.stream.beat;
      if (this.numbers?.renumbers === true) this.stream.readInstead();
    }
    if (answer.canceled) this.handleCancel(watch, answer, stream);
    else if (watch) this.handleResponse(watch, answer);
    else if (answer.watch_id === '-1')
      for (const one of this.watches.values()) this.handleResponse(one, answer);
  }

  private handleResponse(watch: WatchState, answer: IWatchResponse): void {
    const { cluster_id: clusterId, revision } = answer.header;
    const madeUp = clusterId === NO_CLUSTER;
    if (!madeUp && this.comparison.isAnother(watch, clusterId)) return;
    const { position: known } = watch.progress;
    if (answer.created) {
      watch.created = true;
      watch.createdAt = this.stream.beat;
      watch.suspect = madeUp ? known === undefined : known !== undefined && BigInt(revision) < known;
      watch.progress.began(madeUp ? undefined : BigInt(revision));
    }
    if (!watch.created) return;
    if (watch.suspect) void this.comparison.verify(this.watches.values());
    const relevant = answer.events.filter(({ kv }) => isInRange(watch.request, kv.key));
    // What answers the request itself says nothing of the history yet.
    const begins = answer.created && relevant.length === 0;
    if (!begins && watch.progress.contradicts(relevant, answer.fragment)) {
      if (watch.progress.fingerprint?.deleted === true) void this.verifyHistory(watch);
      else this.anotherHistory(watch);
      return;
    }
    const events = watch.progress.accept(relevant, answer.fragment);
    if (events.length > 0) {
      const { position = 0n, fingerprint } = watch.progress;
      watch.notifiedAt = this.stream.beat;
      watch.queue.push({ kind: 'events', events, revision: position, fingerprint });
      // Where "now" is.
    } else if (answer.created && known === undefined && !madeUp) this.notifyAlive(watch);
  }

  private handleCancel(
    watch: WatchState | undefined,
    answer: IWatchResponse,
    stream: EtcdStream<IWatchRequest>,
  ): void {
    const { cancel_reason: reason, compact_revision: compacted } = answer;
    if (!watch && (answer.created || answer.watch_id !== '-1')) return;
    if (watch && compacted !== '0') {
      const { position, overlaps } = watch.progress;
      if (overlaps && position !== undefined && position + 1n >= BigInt(compacted)) {
        // Only what it had already is gone. The server still knows the number of the watch.
        watch.progress.forgetFingerprint();
        this.renumber(watch);
        if (this.numbers) this.begin(this.numbers, watch);
        return;
      }
      watch.queue.push({ kind: 'compacted', revision: BigInt(compacted) });
      this.finish(watch);
    } else if (watch && REFUSED_USER.test(reason)) {
      void this.handleRefusal(watch, stream, reason);
    } else {
      const error = new EndpointError(stream.endpoint, reason || 'the server cancelled a watch', false);
      if (watch) watch.cancelled = { error, since: watch.cancelled?.since ?? this.stream.beat };
      stream.fail(error.reason);
    }
  }

  /** An expired token looks like a missing permission here: a request tells them apart, and renews the token. */
  private async handleRefusal(
    watch: WatchState,
    stream: EtcdStream<IWatchRequest>,
    reason: string,
  ): Promise<void> {
    try {
      await this.store.now(watch.request.key, 'checking the permission to watch');
    } catch (error) {
      if (!(error instanceof EtcdResponseError)) {
        stream.fail(reason);
        return;
      }
    }
    if (stream.stale) stream.fail(reason, 'token');
    else this.finish(watch, new EtcdResponseError(stream.endpoint, reason, PERMISSION_DENIED));
  }

  /** From now on the server's answers to its former number are not for it. */
  private renumber(watch: WatchState): void {
    this.watches.delete(watch.id);
    watch.id = this.lastId += 1;
    watch.created = false;
    this.watches.set(watch.id, watch);
  }

  /**
   * The delete that the watch resumes with is missing. Older servers drop a delete when history is compacted at its very
   * revision, which a read just before that revision shows. Otherwise the history is another.
   */
  private async verifyHistory(watch: WatchState): Promise<void> {
    const { numbers } = this;
    const { current: stream } = this.stream;
    const { fingerprint } = watch.progress;
    if (!stream || !numbers || !fingerprint) return;
    numbers.end(watch);
    this.renumber(watch);
    let compacted: boolean;
    try {
      compacted = await this.store.isCompacted(watch.request.key, fingerprint.revision - 1n);
    } catch (error) {
      stream.fail((error as Error).message);
      return;
    }
    if (this.watches.get(watch.id) !== watch) return;
    if (!compacted) {
      this.anotherHistory(watch);
      return;
    }
    watch.progress.forgetFingerprint();
    if (this.numbers === numbers) this.begin(numbers, watch);
  }

  private anotherHistory(watch: WatchState): void {
    this.replaced(watch, `the store's history up to revision ${watch.progress.position} is another`);
  }

  private replaced(watch: WatchState, reason: string): void {
    if (this.watches.get(watch.id) !== watch) return;
    watch.queue.push({ kind: 'replaced', reason });
    this.finish(watch);
  }
}
