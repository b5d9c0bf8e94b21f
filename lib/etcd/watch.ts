import type { IWatchRequest, IWatchResponse } from 'etcd3';
import { type Clock } from '../kernel/clock.js';
import { type Random } from '../kernel/random.js';
import { ClusterError } from './errors/cluster.error.js';
import { type EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';
import { type EtcdWatchRequest, type WatchNews } from './watch-news.js';
import { WatchQueue } from './watch-queue.js';
import { HEARTBEAT, WatchStream } from './watch-stream.js';
import { WatchTrack } from './watch-track.js';

/** Heartbeats between two signs of life of one watch: there may be very many. */
const ALIVE_SPACING = 3_000 / HEARTBEAT;

const PERMISSION_DENIED = 7;
const REFUSED_USER = /invalid auth token|permission denied|auth store is old|user name is empty/;

interface Watch {
  id: number;
  readonly request: EtcdWatchRequest;
  readonly track: WatchTrack;
  readonly queue: WatchQueue<WatchNews>;
  /** Lets go of the caller's signal. */
  readonly release: () => void;
  clusterId: string | undefined;
  created: boolean;
  /** The server's revision lies behind ours: a lagging member, or a store that went back. */
  suspect: boolean;
  /** The heartbeat it began with. */
  readonly since: number;
  /** The heartbeat at which it last had something to say. */
  toldAt: number;
}

/**
 * Watches of one client. However many there are, they share one {@link WatchStream}: a server that stays silent, or
 * that has lost its leader, is left for the next, and every watch goes on behind the last event it was given. Life is a
 * property of the stream: whatever is said on it is a sign of life for all, those too that wait for their turn to begin.
 */
export class EtcdWatches {
  private readonly watches = new Map<number, Watch>();
  private readonly stream: WatchStream;
  private verifying = false;
  /** What was asked for on the stream and not yet answered, in order. */
  private pending: number[] = [];
  private lastId = 0;

  constructor(
    private readonly client: EtcdCaller & EtcdStreamOpener,
    deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.stream = new WatchStream(client, deps, {
      onOpen: (stream) => {
        this.connected(stream);
      },
      onAnswer: (answer, stream) => {
        this.answered(answer, stream);
      },
      onLost: () => {
        for (const watch of this.watches.values()) watch.created = false;
      },
      onEnd: (error) => {
        this.end(error);
      },
      onBeat: () => {
        this.look();
      },
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
  watch(request: EtcdWatchRequest, signal: AbortSignal): AsyncIterableIterator<WatchNews, void> {
    const stop = (): void => {
      this.finish(watch);
    };
    const watch: Watch = {
      id: (this.lastId += 1),
      request,
      track: new WatchTrack(request.after, request.witness),
      queue: new WatchQueue((newer, older) => newer.kind === 'alive' && older.kind === 'alive', stop),
      release: () => {
        signal.removeEventListener('abort', stop);
      },
      clusterId: request.clusterId,
      created: false,
      suspect: false,
      since: this.stream.beat,
      toldAt: this.stream.beat,
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

  private add(watch: Watch): void {
    this.watches.set(watch.id, watch);
    if (this.stream.current) this.create(this.stream.current, watch);
    else this.stream.start();
  }

  private finish(watch: Watch, error?: Error): void {
    watch.release();
    watch.queue.end(error);
    if (!this.watches.delete(watch.id)) return;
    if (this.watches.size === 0) this.stream.stop();
    else this.stream.current?.write({ cancel_request: { watch_id: watch.id } });
  }

  private connected(stream: EtcdStream<IWatchRequest>): void {
    this.pending = [];
    for (const watch of this.watches.values()) {
      watch.track.onAnotherStream();
      this.create(stream, watch);
    }
  }

  /** Tells those who wait that all is well, or that their patience is at an end. */
  private look(): void {
    const { beat, servedBy, current } = this.stream;
    const alive = current !== undefined && beat - servedBy <= 1;
    let error: ClusterError | undefined;
    for (const watch of this.watches.values()) {
      const { request, track, since, toldAt } = watch;
      if (alive) {
        if (beat - toldAt >= ALIVE_SPACING && track.position !== undefined) this.tellAlive(watch);
      } else if ((beat - Math.max(servedBy, since)) * HEARTBEAT >= (request.patience ?? Infinity)) {
        error ??= new ClusterError(this.failures);
        this.finish(watch, error);
      }
    }
  }

  private tellAlive(watch: Watch): void {
    watch.toldAt = this.stream.beat;
    watch.queue.push({ kind: 'alive', revision: watch.track.position ?? 0n });
  }

  private create(stream: EtcdStream<IWatchRequest>, watch: Watch): void {
    const { key, rangeEnd, prevKv = false } = watch.request;
    this.pending.push(watch.id);
    stream.write({
      create_request: {
        key,
        ...(rangeEnd && { range_end: rangeEnd }),
        start_revision: watch.track.start,
        prev_kv: prevKv,
        watch_id: watch.id,
        fragment: true,
      },
    });
  }

  private answered(answer: IWatchResponse, stream: EtcdStream<IWatchRequest>): void {
    // A refusal to begin names no watch: it answers the oldest request that waits.
    const id = (answer.created ? this.pending.shift() : undefined) ?? Number(answer.watch_id);
    const watch = this.watches.get(id);
    if (answer.canceled) this.canceled(watch, answer, stream);
    else if (watch) this.told(watch, answer);
    else if (answer.watch_id === '-1') for (const one of this.watches.values()) this.told(one, answer);
  }

  private told(watch: Watch, answer: IWatchResponse): void {
    const { cluster_id: clusterId, revision } = answer.header;
    watch.clusterId ??= clusterId;
    if (watch.clusterId !== clusterId) {
      this.replaced(watch, `cluster ${watch.clusterId} has become cluster ${clusterId}`);
      return;
    }
    const { position: known } = watch.track;
    if (answer.created) {
      watch.created = true;
      watch.suspect = known !== undefined && BigInt(revision) < known;
      watch.track.began(BigInt(revision));
    }
    if (!watch.created) return;
    if (watch.suspect) void this.verify();
    // What answers the request itself says nothing of the history yet.
    const begins = answer.created && answer.events.length === 0;
    if (!begins && watch.track.contradicts(answer.events, answer.fragment)) {
      if (watch.track.witness?.deleted === true) void this.doubt(watch);
      else this.anotherHistory(watch);
      return;
    }
    const events = watch.track.accept(answer.events, answer.fragment);
    if (events.length > 0) {
      const { position = 0n, witness } = watch.track;
      watch.toldAt = this.stream.beat;
      watch.queue.push({ kind: 'events', events, revision: position, witness });
      // Where "now" is.
    } else if (answer.created && known === undefined) this.tellAlive(watch);
  }

  private canceled(
    watch: Watch | undefined,
    answer: IWatchResponse,
    stream: EtcdStream<IWatchRequest>,
  ): void {
    const { cancel_reason: reason, compact_revision: compacted } = answer;
    if (!watch && (answer.created || answer.watch_id !== '-1')) return;
    if (watch && compacted !== '0') {
      const { position, overlaps } = watch.track;
      if (overlaps && position !== undefined && position + 1n >= BigInt(compacted)) {
        // Only what it had already is gone. The server still knows the number of the watch.
        watch.track.forgetWitness();
        this.renumber(watch);
        this.create(stream, watch);
        return;
      }
      watch.queue.push({ kind: 'compacted', revision: BigInt(compacted) });
      this.finish(watch);
    } else if (watch && REFUSED_USER.test(reason)) {
      void this.refused(watch, stream, reason);
    } else {
      stream.fail(reason === '' ? 'the server cancelled a watch' : reason);
    }
  }

  /** An expired token looks like a missing permission here: a request tells them apart, and renews the token. */
  private async refused(watch: Watch, stream: EtcdStream<IWatchRequest>, reason: string): Promise<void> {
    const { key } = watch.request;
    try {
      await this.client.call({
        what: 'checking the permission to watch',
        run: async ({ kv }, options) => await kv.range({ key, count_only: true }, options),
      });
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
  private renumber(watch: Watch): void {
    this.watches.delete(watch.id);
    watch.id = this.lastId += 1;
    watch.created = false;
    this.watches.set(watch.id, watch);
  }

  /**
   * The delete that the watch resumes with is missing. Older servers drop a delete when history is compacted at its very
   * revision, which a read just before that revision shows. Otherwise the history is another.
   */
  private async doubt(watch: Watch): Promise<void> {
    const { current: stream } = this.stream;
    const { witness } = watch.track;
    if (!stream || !witness) return;
    stream.write({ cancel_request: { watch_id: watch.id } });
    this.renumber(watch);
    const { key } = watch.request;
    const revision = String(witness.revision - 1n);
    try {
      await this.client.call({
        what: 'checking how far history was compacted',
        run: async ({ kv }, options) => await kv.range({ key, count_only: true, revision }, options),
      });
    } catch (error) {
      if (!(error instanceof EtcdResponseError)) {
        stream.fail((error as Error).message);
        return;
      }
      if (error.compacted) {
        watch.track.forgetWitness();
        if (this.stream.current === stream && this.watches.has(watch.id)) this.create(stream, watch);
        return;
      }
    }
    if (this.watches.has(watch.id)) this.anotherHistory(watch);
  }

  private anotherHistory(watch: Watch): void {
    this.replaced(watch, `the store's history up to revision ${watch.track.position} is another`);
  }

  private replaced(watch: Watch, reason: string): void {
    watch.queue.push({ kind: 'replaced', reason });
    this.finish(watch);
  }

  /** A member that lags catches up; a store that went back stays behind, as a linearizable read tells. */
  private async verify(): Promise<void> {
    if (this.verifying) return;
    this.verifying = true;
    try {
      const suspects = [...this.watches.values()].filter(({ suspect }) => suspect);
      // A key that the user may read: no other is certain to be one.
      const key = suspects[0]?.request.key;
      if (!key) return;
      const { header } = await this.client.call({
        what: 'reading the revision',
        run: async ({ kv }, options) => await kv.range({ key, count_only: true }, options),
      });
      for (const watch of suspects) {
        const { position = 0n } = watch.track;
        watch.suspect = false;
        if (BigInt(header.revision) >= position) continue;
        this.replaced(watch, `the store went back from revision ${position} to ${header.revision}`);
      }
    } catch {
      // Still suspect: the next sign of life asks again.
    } finally {
      this.verifying = false;
    }
  }
}
