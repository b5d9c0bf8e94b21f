import type { IRangeResponse, IWatchRequest, IWatchResponse } from 'etcd3';
import { Backoff } from '../common/async/backoff.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Random } from '../common/random.js';
import { ClusterError } from './errors/cluster.error.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';

/** Who hears of a {@link WatchStream}. */
export interface WatchStreamListener {
  /** A stream is open, on which nothing is watched yet. */
  onOpen(stream: EtcdStream<IWatchRequest>): void;
  onAnswer(answer: IWatchResponse, stream: EtcdStream<IWatchRequest>): void;
  /** The stream is gone; the next is on its way. */
  onLost(): void;
  /** The cluster itself, or the end of the client, forbids every stream. */
  onEnd(error: Error): void;
  /** Called every {@link HEARTBEAT_MS} ms, whether a stream is open or not. */
  onHeartbeat(): void;
  /** A linearizable read on the stream's connection was answered, on a stream whose server answers no progress requests. */
  onRead(header: IRangeResponse['header']): void;
  /** Such a read is about to be sent. Returns a key that the user may read; undefined where nothing is watched. */
  beforeRead(): Buffer | undefined;
}

/** The number of an answer that belongs to no watch. */
const NO_WATCH = '-1';
const PROGRESS_REQUEST: IWatchRequest = Object.freeze({ progress_request: {} });

/** Milliseconds between two questions whether the server is still there. */
export const HEARTBEAT_MS = 500;
/** Heartbeats without a word after which a server is left. */
const SILENT_HEARTBEATS = 3;
/** Streams in a row that began a watch and answered no progress request, after which reads replace the requests. */
const UNANSWERING_STREAMS = 2;
/** Heartbeats between two of these reads. */
const READ_HEARTBEATS = 10;
/** Heartbeats after which a stream that serves has proved itself. */
const PROVEN_HEARTBEATS = 4;
/** How long a watch waits between rounds of all endpoints: a few seconds at most, spread out for the herd's sake. */
const RECONNECT_BACKOFF = Object.freeze({ baseMs: 100, capMs: 4_000 });

/**
 * The stream of all watches of a client, kept open from {@link WatchStream.start} to {@link WatchStream.stop}. A server
 * that stays silent is left for the next, without a limit to the retries. Its time is counted in heartbeats, not by the
 * clock: after a blocked event loop the answers that wait are read first.
 *
 * A server is asked for its progress every heartbeat. etcd's gRPC proxy and etcd before 3.4 never answer that; what they
 * are asked instead is a linearizable read every 5 s, on the same connection.
 */
export class WatchStream {
  private stream: EtcdStream<IWatchRequest> | undefined;
  private wanted = false;
  private opening = false;
  private retry: Timer | undefined;
  private heartbeat: Timer | undefined;
  private heartbeats = 0;
  /** The beat of the last word on this stream, or of its beginning. */
  private heardAt = 0;
  /** The beat of the last word of a server that served. */
  private servedAt = 0;
  private failuresInRow = 0;
  /** The beat at which this stream was opened. */
  private openedAt = 0;
  /** What this stream has answered so far. */
  private answers: 'nothing' | 'watches' | 'progress' = 'nothing';
  private unanswering = 0;
  /** Set while reads show whether the server of this stream is alive; ends them. */
  private reads: AbortController | undefined;
  private readAt = 0;
  private failed: EndpointError[] = [];
  private readonly backoff: Backoff;

  constructor(
    private readonly client: EtcdStreamOpener & EtcdCaller,
    private readonly deps: { readonly clock: Clock; readonly random: Random },
    private readonly listener: WatchStreamListener,
  ) {
    this.backoff = new Backoff(RECONNECT_BACKOFF, deps.random);
  }

  /** The stream that is open. */
  get current(): EtcdStream<IWatchRequest> | undefined {
    return this.stream;
  }

  /** Heartbeats so far. */
  get beat(): number {
    return this.heartbeats;
  }

  /** The last heartbeat by which a server was known to serve. */
  get servedBy(): number {
    // Between two reads a server counts as serving: the stream ends with the first read that fails.
    return this.reads ? this.heartbeats : this.servedAt;
  }

  /** Why the stream is down: each endpoint's error since it last worked, in order. Empty while it works. */
  get failures(): readonly EndpointError[] {
    return this.failed;
  }

  /** Keeps a stream open from now on. */
  start(): void {
    this.wanted = true;
    if (!this.heartbeat) this.scheduleHeartbeat();
    this.connect();
  }

  /** The server of this stream answers no progress requests: it is read from instead. */
  readInstead(): void {
    if (this.reads || !this.stream) return;
    this.reads = new AbortController();
    this.readAt = this.heartbeats;
  }

  /** Ends the stream and every timer. */
  stop(): void {
    this.wanted = false;
    this.endReads();
    this.stream?.close();
    this.stream = undefined;
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
    this.retry?.cancel();
    this.retry = undefined;
  }

  private connect(): void {
    if (this.stream || this.opening || this.retry || !this.wanted) return;
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
    if (!this.wanted) {
      stream.close();
      return;
    }
    this.stream = stream;
    this.heardAt = this.heartbeats;
    this.openedAt = this.heartbeats;
    this.answers = 'nothing';
    this.listener.onOpen(stream);
  }

  private answered(answer: IWatchResponse): void {
    const { stream } = this;
    if (!stream) return;
    this.heardAt = this.heartbeats;
    if (!answer.canceled) this.served();
    if (answer.watch_id === NO_WATCH && !answer.created && !answer.canceled) {
      this.answers = 'progress';
      this.unanswering = 0;
      this.endReads();
    } else if (this.answers === 'nothing') {
      this.answers = 'watches';
      if (this.unanswering >= UNANSWERING_STREAMS) this.readInstead();
    }
    this.listener.onAnswer(answer, stream);
  }

  private served(): void {
    this.servedAt = this.heartbeats;
    this.failed = [];
    // A stream that is refused after its first answers would else be opened again without a pause.
    if (this.heartbeats - this.openedAt < PROVEN_HEARTBEATS) return;
    this.failuresInRow = 0;
    this.backoff.reset();
  }

  private lost(error: Error): void {
    this.stream = undefined;
    this.endReads();
    if (!(error instanceof EndpointError)) {
      this.listener.onEnd(error);
      return;
    }
    this.listener.onLost();
    const round = this.client.endpoints.length;
    this.failed = [...this.failed, error].slice(-round);
    if (!this.wanted) return;
    this.failuresInRow += 1;
    // The others at once, then a pause before the next round.
    const tryAgain = (): void => {
      this.retry = undefined;
      this.connect();
    };
    this.retry =
      this.failuresInRow % round === 0
        ? this.client.connectivity.scheduleRetry(this.backoff.next(), tryAgain)
        : this.deps.clock.after(0, tryAgain);
  }

  private scheduleHeartbeat(): void {
    this.heartbeat = this.deps.clock.after(HEARTBEAT_MS, () => {
      this.heartbeats += 1;
      this.scheduleHeartbeat();
      if (this.stream) this.check(this.stream);
      this.listener.onHeartbeat();
    });
  }

  private check(stream: EtcdStream<IWatchRequest>): void {
    if (this.reads) {
      if (this.heartbeats - this.readAt >= READ_HEARTBEATS) void this.read(stream, this.reads);
    } else if (this.heartbeats - this.heardAt > SILENT_HEARTBEATS) {
      if (this.answers === 'watches') this.unanswering += 1;
      stream.fail(`silent for ${HEARTBEAT_MS * SILENT_HEARTBEATS} ms`);
    } else if (this.answers !== 'nothing') {
      stream.write(PROGRESS_REQUEST);
    }
  }

  private async read(stream: EtcdStream<IWatchRequest>, reads: AbortController): Promise<void> {
    const key = this.listener.beforeRead();
    if (!key) return;
    this.readAt = Infinity;
    const header = await this.header(stream, key, reads.signal);
    if (this.reads !== reads) return;
    if (header instanceof Error) {
      stream.fail(header.message);
      return;
    }
    this.served();
    if (header) this.listener.onRead(header);
    this.readAt = this.heartbeats;
    // The server may have been replaced by one that answers. A proxy never does, and logs each request as an error.
    if (this.unanswering >= UNANSWERING_STREAMS) stream.write(PROGRESS_REQUEST);
  }

  /** Undefined where the cluster refuses the read, which is an answer too. */
  private async header(
    { endpoint }: EtcdStream<IWatchRequest>,
    key: Buffer,
    signal: AbortSignal,
  ): Promise<IRangeResponse['header'] | Error | undefined> {
    try {
      const { header } = await this.client.callOne(
        endpoint,
        {
          what: 'checking that a watched server is alive',
          run: async ({ kv }, options) => await kv.range({ key, count_only: true }, options),
        },
        signal,
      );
      return header;
    } catch (error) {
      if (error instanceof EtcdResponseError) return undefined;
      const [failure] = error instanceof ClusterError ? error.errors : [];
      return new Error(failure?.reason ?? (error as Error).message);
    }
  }

  private endReads(): void {
    this.reads?.abort();
    this.reads = undefined;
  }
}
