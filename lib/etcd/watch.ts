import type { IEvent, IWatchRequest, IWatchResponse } from 'etcd3';
import { Backoff } from '../kernel/backoff.js';
import { type Clock, type Timer } from '../kernel/clock.js';
import { type Random } from '../kernel/random.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';
import { WatchQueue } from './watch-queue.js';
import { WatchTrack } from './watch-track.js';
import { type Witness } from './witness.js';

/** What is watched. */
export interface EtcdWatchRequest {
  readonly key: Buffer;
  /** As in a range: the end of the keys, exclusive; the one `key` unless given. */
  readonly rangeEnd?: Buffer;
  /** Everything after this revision is delivered; from now on unless given. */
  readonly after?: bigint;
  /** What happened last in the range up to `after`: tells a store that was restored and has grown since. */
  readonly witness?: Witness;
  /** The cluster that `after` belongs to, from the header it was read from. */
  readonly clusterId?: string;
  /** Whether events carry what was there before. */
  readonly prevKv?: boolean;
}

/** What a watch tells. After `compacted` and `replaced` it has ended. */
export type WatchNews =
  /** The server is alive, and nothing is known to be missing up to `revision`. */
  | { readonly kind: 'alive'; readonly revision: bigint }
  /** Complete revisions, in order, each once. `revision` is the last of them. */
  | { readonly kind: 'events'; readonly events: readonly IEvent[]; readonly revision: bigint }
  /** History was compacted up to `revision`, beyond where this watch had come. */
  | { readonly kind: 'compacted'; readonly revision: bigint }
  /** Another history: the cluster was replaced, or restored from an older state. */
  | { readonly kind: 'replaced'; readonly reason: string };

/** Milliseconds between two questions whether the server is still there. */
const HEARTBEAT = 500;
/** Heartbeats without a word after which a server is left. */
const SILENT_HEARTBEATS = 3;
/** Milliseconds between two signs of life of one watch: all share each answer, and there may be very many. */
const ALIVE_SPACING = 2_000;
/** How long a watch waits between rounds of all endpoints: a few seconds at most, spread out for the herd's sake. */
const RECONNECT = Object.freeze({ base: 100, cap: 4_000 });

const PERMISSION_DENIED = 7;
const REFUSED_USER = /invalid auth token|permission denied|auth store is old|user name is empty/;

interface Watch {
  id: number;
  readonly request: EtcdWatchRequest;
  readonly track: WatchTrack;
  readonly queue: WatchQueue<WatchNews>;
  clusterId: string | undefined;
  created: boolean;
  /** The server's revision lies behind ours: a lagging member, or a store that went back. */
  suspect: boolean;
  /** When it last had something to say. */
  toldAt: number;
}

/**
 * Watches of one client. However many there are, they share one stream, with a heartbeat: a server that stays silent,
 * or that has lost its leader, is left for the next, and every watch goes on behind the last event it was given. There
 * is no limit to the retries.
 */
export class EtcdWatches {
  private readonly watches = new Map<number, Watch>();
  private readonly backoff: Backoff;
  private stream: EtcdStream<IWatchRequest> | undefined;
  private opening = false;
  private verifying = false;
  private retry: Timer | undefined;
  private heartbeat: Timer | undefined;
  private silence = 0;
  /** What was asked for on the stream and not yet answered, in order. */
  private pending: number[] = [];
  private lastId = 0;
  private failuresInRow = 0;
  private failed: EndpointError[] = [];

  constructor(
    private readonly client: EtcdCaller & EtcdStreamOpener,
    private readonly deps: { readonly clock: Clock; readonly random: Random },
  ) {
    this.backoff = new Backoff(RECONNECT, deps.random);
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
    return this.failed;
  }

  /**
   * Follows a range of keys until `signal` is aborted, which is no error. Where no server can be reached it waits.
   *
   * @throws EtcdResponseError when the cluster refuses: permission denied, wrong password
   * @throws ClosedError when the client is closed
   */
  async *watch(request: EtcdWatchRequest, signal: AbortSignal): AsyncGenerator<WatchNews, void> {
    if (signal.aborted) return;
    const watch = this.add(request);
    const onAbort = (): void => {
      this.remove(watch);
      watch.queue.end();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      yield* watch.queue.read();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.remove(watch);
    }
  }

  /** Ends every watch with `error`. */
  end(error: Error): void {
    for (const watch of [...this.watches.values()]) this.finish(watch, error);
  }

  private add(request: EtcdWatchRequest): Watch {
    const watch: Watch = {
      id: (this.lastId += 1),
      request,
      track: new WatchTrack(request.after, request.witness),
      queue: new WatchQueue((newer, older) => newer.kind === 'alive' && older.kind === 'alive'),
      clusterId: request.clusterId,
      created: false,
      suspect: false,
      toldAt: -Infinity,
    };
    this.watches.set(watch.id, watch);
    if (this.stream) this.create(this.stream, watch);
    else this.connect();
    return watch;
  }

  private remove(watch: Watch): void {
    if (!this.watches.delete(watch.id)) return;
    if (this.watches.size > 0) {
      this.stream?.write({ cancel_request: { watch_id: watch.id } });
      return;
    }
    this.stream?.close();
    this.disconnected();
    this.retry?.cancel();
    this.retry = undefined;
  }

  private finish(watch: Watch, error?: Error): void {
    watch.queue.end(error);
    this.remove(watch);
  }

  private connect(): void {
    if (this.stream || this.opening || this.retry || this.watches.size === 0) return;
    this.opening = true;
    this.client
      .openStream<IWatchRequest, IWatchResponse>(this.client.pinned, {
        what: 'watching',
        open: async ({ watch }, options) => await watch.watch(options),
        onMessage: (answer) => {
          this.answered(answer);
        },
        onEnd: (error) => {
          this.lost(error);
        },
      })
      .then(
        (stream) => {
          this.opening = false;
          this.connected(stream);
        },
        (error: unknown) => {
          this.opening = false;
          this.lost(error as Error);
        },
      );
  }

  private connected(stream: EtcdStream<IWatchRequest>): void {
    if (this.watches.size === 0) {
      stream.close();
      return;
    }
    this.stream = stream;
    this.silence = 0;
    this.pending = [];
    for (const watch of this.watches.values()) {
      watch.track.onAnotherStream();
      this.create(stream, watch);
    }
    this.beat(stream);
  }

  private disconnected(): void {
    this.stream = undefined;
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
  }

  private lost(error: Error): void {
    this.disconnected();
    if (!(error instanceof EndpointError)) {
      this.end(error);
      return;
    }
    for (const watch of this.watches.values()) watch.created = false;
    const round = this.client.endpoints.length;
    this.failed = [...this.failed, error].slice(-round);
    if (this.watches.size === 0) return;
    this.failuresInRow += 1;
    // The others at once, then a pause before the next round.
    const delay = this.failuresInRow % round === 0 ? this.backoff.next() : 0;
    this.retry = this.deps.clock.after(delay, () => {
      this.retry = undefined;
      this.connect();
    });
  }

  private beat(stream: EtcdStream<IWatchRequest>): void {
    this.heartbeat = this.deps.clock.after(HEARTBEAT, () => {
      // Counted in beats, not by the clock: after a blocked event loop the answers that wait are read first.
      if (this.silence >= SILENT_HEARTBEATS) {
        stream.fail(`silent for ${HEARTBEAT * SILENT_HEARTBEATS} ms`);
        return;
      }
      this.silence += 1;
      stream.write({ progress_request: {} });
      this.beat(stream);
    });
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

  private answered(answer: IWatchResponse): void {
    this.silence = 0;
    // A refusal to begin names no watch: it answers the oldest request that waits.
    const id = (answer.created ? this.pending.shift() : undefined) ?? Number(answer.watch_id);
    const watch = this.watches.get(id);
    if (answer.canceled) {
      this.canceled(watch, answer);
      return;
    }
    this.failed = [];
    this.failuresInRow = 0;
    this.backoff.reset();
    const told = watch ? [watch] : answer.watch_id === '-1' ? [...this.watches.values()] : [];
    for (const one of told) this.told(one, answer);
  }

  private told(watch: Watch, answer: IWatchResponse): void {
    const { cluster_id: clusterId, revision } = answer.header;
    watch.clusterId ??= clusterId;
    if (watch.clusterId !== clusterId) {
      this.replaced(watch, `cluster ${watch.clusterId} has become cluster ${clusterId}`);
      return;
    }
    if (answer.created) {
      watch.created = true;
      watch.suspect = watch.track.position !== undefined && BigInt(revision) < watch.track.position;
      watch.track.began(BigInt(revision));
    }
    if (!watch.created) return;
    if (watch.suspect) void this.verify();
    // What answers the request itself says nothing of the history yet.
    const begins = answer.created && answer.events.length === 0;
    if (!begins && watch.track.contradicts(answer.events, answer.fragment)) {
      this.replaced(watch, `the store's history up to revision ${watch.track.position} is another`);
      return;
    }
    const events = watch.track.accept(answer.events, answer.fragment);
    const position = watch.track.position ?? 0n;
    const now = this.deps.clock.now();
    const due = answer.created || now - watch.toldAt >= ALIVE_SPACING;
    if (events.length > 0) watch.queue.push({ kind: 'events', events, revision: position });
    else if (!answer.fragment && due) watch.queue.push({ kind: 'alive', revision: position });
    else return;
    watch.toldAt = now;
  }

  private canceled(watch: Watch | undefined, answer: IWatchResponse): void {
    const { cancel_reason: reason, compact_revision: compacted } = answer;
    const stream = this.stream;
    if (!stream || (!watch && !(answer.watch_id === '-1' && !answer.created))) return;
    if (watch && compacted !== '0') {
      const { position, overlaps } = watch.track;
      if (overlaps && position !== undefined && position + 1n >= BigInt(compacted)) {
        // Only what it had already is gone. The server still knows the number of the watch.
        watch.track.forgetWitness();
        this.watches.delete(watch.id);
        watch.id = this.lastId += 1;
        watch.created = false;
        this.watches.set(watch.id, watch);
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
