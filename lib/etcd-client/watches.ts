import type { IWatchRequest, IWatchResponse } from 'etcd3';
import { onAbort } from '../common/async/abort.js';
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
import { WatchIds } from './watch-ids.js';
import { WatchQueue } from './watch-queue.js';
import { createRequest, type WatchState } from './watch-state.js';
import { HEARTBEAT_MS, QUIET_HEARTBEATS, WatchStream } from './watch-stream.js';
import { WatchProgress } from './watch-progress.js';

/** Heartbeats between two `alive` notifications of one watch. A client may have thousands of watches. */
const ALIVE_HEARTBEATS = 3_000 / HEARTBEAT_MS;

/** Heartbeats within which a server that handles one create request at a time must create a watch. */
const CREATE_HEARTBEATS = 10;
/** Heartbeats without a further cancellation after which a cancelled watch counts as served again. */
const SERVED_HEARTBEATS = 4;
/** The cluster id of a response that a gRPC proxy made itself. The revision of its header is not the store's. */
const NO_CLUSTER = '0';

const PERMISSION_DENIED = 7;
/** Cancel reasons that concern the user. An expired token and a missing permission look the same here. */
const REFUSED_USER = /invalid auth token|permission denied|auth store is old|user name is empty/;

/**
 * The watches of one client. They share one {@link WatchStream}. When its server is silent or has no leader, the stream
 * moves to the next endpoint, and every watch resumes after its last event. A message on the stream is a sign of life
 * for all watches, including those that wait to be created.
 */
export class EtcdWatches {
  private readonly watches = new Map<number, WatchState>();
  private readonly stream: WatchStream;
  private readonly store: StoreChecks;
  private readonly comparison: StoreComparison;
  /** The watch ids on the current stream; undefined without one. */
  private ids: WatchIds<WatchState> | undefined;
  /** The heartbeat of the last create request or created response. */
  private creatingSince = 0;
  private lastId = 0;

  constructor(
    client: EtcdCaller & EtcdStreamOpener,
    deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.store = new StoreChecks(client);
    this.comparison = new StoreComparison(this.store, {
      onReplaced: (watch, reason) => {
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
      onResponse: (response, stream) => {
        this.dispatch(response, stream);
      },
      onLost: () => {
        this.ids = undefined;
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

  /** The number of active watches. */
  get size(): number {
    return this.watches.size;
  }

  /** The error of each endpoint since the stream last worked, in order. Empty while it works. */
  get failures(): readonly EndpointError[] {
    return this.stream.failures;
  }

  /**
   * Watches a range of keys. Ends without an error when `signal` is aborted or the iterator returns. While no server is
   * reachable the watch waits and reconnects.
   *
   * @throws EtcdResponseError when the cluster refuses the watch: permission denied, wrong password
   * @throws ClusterError when no server has answered for `unavailableTimeoutMs`
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
      removeListener: () => undefined,
      clusterId: request.clusterId,
      created: false,
      createdAt: 0,
      cancelled: undefined,
      suspect: false,
      floor: undefined,
      since: this.stream.heartbeat,
      notifiedAt: this.stream.heartbeat,
    };
    if (signal.aborted) {
      watch.queue.end();
    } else {
      watch.removeListener = onAbort(signal, stop);
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
    if (this.ids) this.begin(this.ids, watch);
    else this.stream.start();
  }

  private finish(watch: WatchState, error?: Error): void {
    watch.removeListener();
    watch.queue.end(error);
    if (!this.watches.delete(watch.id)) return;
    if (this.watches.size > 0) {
      this.ids?.end(watch);
      return;
    }
    this.ids = undefined;
    this.stream.stop();
  }

  private connected(stream: EtcdStream<IWatchRequest>): void {
    const ids = new WatchIds<WatchState>(
      (watch) => {
        stream.write(createRequest(watch));
      },
      (id) => {
        stream.write({ cancel_request: { watch_id: id } });
      },
    );
    this.ids = ids;
    this.creatingSince = this.stream.heartbeat;
    for (const watch of this.watches.values()) {
      watch.progress.onAnotherStream();
      this.begin(ids, watch);
    }
  }

  private begin(ids: WatchIds<WatchState>, watch: WatchState): void {
    if (!ids.next) this.creatingSince = this.stream.heartbeat;
    ids.begin(watch);
  }

  /** Sends the `alive` notifications, and ends watches that no server has served for too long. */
  private checkWatches(): void {
    const { heartbeat, lastServedAt, current } = this.stream;
    if (current && this.ids?.next && heartbeat - this.creatingSince > CREATE_HEARTBEATS)
      current.fail(`created no watch within ${CREATE_HEARTBEATS * HEARTBEAT_MS} ms`);
    const alive = this.stream.current !== undefined && heartbeat - lastServedAt <= QUIET_HEARTBEATS;
    let error: ClusterError | undefined;
    for (const watch of this.watches.values()) {
      const { request, progress, since, notifiedAt, cancelled, created, createdAt } = watch;
      progress.releaseEvent();
      if (cancelled && created && heartbeat - createdAt >= SERVED_HEARTBEATS) watch.cancelled = undefined;
      const timeout = (request.unavailableTimeoutMs ?? Infinity) / HEARTBEAT_MS;
      if (watch.cancelled) {
        if (heartbeat - watch.cancelled.since >= timeout)
          this.finish(watch, new ClusterError([watch.cancelled.error]));
      } else if (alive) {
        if (heartbeat - notifiedAt >= ALIVE_HEARTBEATS && progress.position !== undefined)
          this.notifyAlive(watch);
      } else if (heartbeat - Math.max(lastServedAt, since) >= timeout) {
        error ??= new ClusterError(this.failures);
        this.finish(watch, error);
      }
    }
  }

  private notifyAlive(watch: WatchState): void {
    watch.notifiedAt = this.stream.heartbeat;
    watch.queue.push({ kind: 'alive', revision: watch.progress.position ?? 0n });
  }

  private dispatch(response: IWatchResponse, stream: EtcdStream<IWatchRequest>): void {
    const watch = this.ids?.take(response);
    if (response.created) {
      this.creatingSince = this.stream.heartbeat;
      if (this.ids?.assignedByServer === true) this.stream.useReads();
    }
    if (response.canceled) this.handleCancel(watch, response, stream);
    else if (watch) this.handleResponse(watch, response);
    else if (response.watch_id === '-1')
      for (const one of this.watches.values()) this.handleResponse(one, response);
  }

  private handleResponse(watch: WatchState, response: IWatchResponse): void {
    const { cluster_id: clusterId, revision } = response.header;
    const fromProxy = clusterId === NO_CLUSTER;
    if (!fromProxy && this.comparison.isOtherCluster(watch, clusterId)) return;
    const { position: known } = watch.progress;
    if (response.created) {
      watch.created = true;
      watch.createdAt = this.stream.heartbeat;
      watch.suspect = fromProxy ? known === undefined : known !== undefined && BigInt(revision) < known;
      watch.progress.began(fromProxy ? undefined : BigInt(revision));
    }
    if (!watch.created) return;
    if (watch.suspect) void this.comparison.verify(this.watches.values());
    const relevant = response.events.filter(({ kv }) => isInRange(watch.request, kv.key));
    // A created response without events shows nothing of the history yet.
    const begins = response.created && relevant.length === 0;
    if (!begins && watch.progress.contradicts(relevant, response.fragment)) {
      if (watch.progress.fingerprint?.deleted === true) void this.verifyHistory(watch);
      else this.historyReplaced(watch);
      return;
    }
    const events = watch.progress.accept(relevant, response.fragment);
    if (events.length > 0) {
      const { position = 0n, fingerprint } = watch.progress;
      watch.notifiedAt = this.stream.heartbeat;
      watch.queue.push({ kind: 'events', events, revision: position, fingerprint });
    } else if (response.created && known === undefined && !fromProxy) {
      // Reports the revision from which a watch without `after` starts.
      this.notifyAlive(watch);
    }
  }

  private handleCancel(
    watch: WatchState | undefined,
    response: IWatchResponse,
    stream: EtcdStream<IWatchRequest>,
  ): void {
    const { cancel_reason: reason, compact_revision: compacted } = response;
    if (!watch && (response.created || response.watch_id !== '-1')) return;
    if (watch && compacted !== '0') {
      // Until then etcd answers no progress request on this stream: the compacted watch never catches up.
      stream.write({ cancel_request: { watch_id: response.watch_id } });
      const { position, overlaps } = watch.progress;
      if (overlaps && position !== undefined && position + 1n >= BigInt(compacted)) {
        // Only known events were compacted. The server may still send responses for the old id.
        watch.progress.forgetFingerprint();
        this.assignNewId(watch);
        if (this.ids) this.begin(this.ids, watch);
        return;
      }
      watch.queue.push({ kind: 'compacted', revision: BigInt(compacted) });
      this.finish(watch);
    } else if (watch && REFUSED_USER.test(reason)) {
      void this.handleRefusal(watch, stream, reason);
    } else {
      const error = new EndpointError(stream.endpoint, reason || 'the server cancelled a watch', false);
      if (watch) watch.cancelled = { error, since: watch.cancelled?.since ?? this.stream.heartbeat };
      stream.fail(error.reason);
    }
  }

  /** Distinguishes an expired token from a missing permission by a read, which also renews the token. */
  private async handleRefusal(
    watch: WatchState,
    stream: EtcdStream<IWatchRequest>,
    reason: string,
  ): Promise<void> {
    try {
      await this.store.currentHeader(watch.request.key, 'checking the permission to watch');
    } catch (error) {
      if (!(error instanceof EtcdResponseError)) {
        stream.fail(reason);
        return;
      }
    }
    if (stream.stale) stream.fail(reason, 'token');
    else this.finish(watch, new EtcdResponseError(stream.endpoint, reason, PERMISSION_DENIED));
  }

  /** Gives a watch another id, so that late responses for the old one do not reach it. */
  private assignNewId(watch: WatchState): void {
    this.watches.delete(watch.id);
    watch.id = this.lastId += 1;
    watch.created = false;
    this.watches.set(watch.id, watch);
  }

  /**
   * Handles a missing delete at the start of a resumed watch. Older servers omit a delete when history is compacted at
   * its very revision; a read just before that revision shows it. In all other cases the history has been replaced.
   */
  private async verifyHistory(watch: WatchState): Promise<void> {
    const { ids } = this;
    const { current: stream } = this.stream;
    const { fingerprint } = watch.progress;
    if (!stream || !ids || !fingerprint) return;
    ids.end(watch);
    this.assignNewId(watch);
    let compacted: boolean;
    try {
      compacted = await this.store.isCompacted(watch.request.key, fingerprint.revision - 1n);
    } catch (error) {
      stream.fail((error as Error).message);
      return;
    }
    if (this.watches.get(watch.id) !== watch) return;
    if (!compacted) {
      this.historyReplaced(watch);
      return;
    }
    watch.progress.forgetFingerprint();
    if (this.ids === ids) this.begin(ids, watch);
  }

  private historyReplaced(watch: WatchState): void {
    this.replaced(watch, `the store's history up to revision ${watch.progress.position} has been replaced`);
  }

  private replaced(watch: WatchState, reason: string): void {
    if (this.watches.get(watch.id) !== watch) return;
    watch.queue.push({ kind: 'replaced', reason });
    this.finish(watch);
  }
}
