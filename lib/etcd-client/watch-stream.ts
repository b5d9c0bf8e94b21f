import type { IRangeResponse, IWatchRequest, IWatchResponse } from 'etcd3';
import { Backoff } from '../common/async/backoff.js';
import { pause } from '../common/async/deadline.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Random } from '../common/random.js';
import { ClusterError } from './errors/cluster.error.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';

/** The callbacks of a {@link WatchStream}. */
export interface WatchStreamListener {
  /** Called when a stream is open; no watch exists on it yet. */
  onOpen(stream: EtcdStream<IWatchRequest>): void;
  onResponse(response: IWatchResponse, stream: EtcdStream<IWatchRequest>): void;
  /** Called when the stream has failed; another is being opened. */
  onLost(): void;
  /** Called when the cluster refuses every stream, or the client is closed. */
  onEnd(error: Error): void;
  /**
   * Called at least every {@link QUIET_HEARTBEATS} heartbeats, and every {@link HEARTBEAT_MS} without a server that
   * answers.
   */
  onHeartbeat(): void;
  /** Called with the header of a linearizable read, on a stream whose server does not answer progress requests. */
  onRead(header: IRangeResponse['header']): void;
  /** Called before such a read. Returns the key to read; undefined without watches. */
  beforeRead(): Buffer | undefined;
}

/** The watch id of a response that belongs to no watch. */
const NO_WATCH = '-1';
const PROGRESS_REQUEST: IWatchRequest = Object.freeze({ progress_request: {} });

/** The unit in which a stream counts time, and the interval of its checks while it waits for its server. */
export const HEARTBEAT_MS = 500;
/** Heartbeats between two progress requests, which show whether the server is alive, while it answers them. */
export const QUIET_HEARTBEATS = 4;
/** Heartbeats without a message, after a progress request, after which the stream moves to another server. */
const SILENT_HEARTBEATS = 3;
/** Consecutive streams without an answer to progress requests after which reads replace the requests. */
const UNANSWERING_STREAMS = 2;
/** Heartbeats between two of these reads. */
const READ_HEARTBEATS = 10;
/** Heartbeats after which a working stream resets the backoff. */
const PROVEN_HEARTBEATS = 4;
/** The pause between two rounds of all endpoints, with jitter against a thundering herd. */
const RECONNECT_BACKOFF = Object.freeze({ baseMs: 100, capMs: 4_000 });

/**
 * The stream of all watches of a client, open from {@link WatchStream.start} to {@link WatchStream.stop}. When a server
 * is silent, the stream moves to the next endpoint, with unlimited retries. Silence is counted in heartbeats rather than
 * by the clock, so that after a blocked event loop pending responses are read first.
 *
 * The stream sends a progress request every {@link QUIET_HEARTBEATS}, and every heartbeat until it is answered: a server
 * whose watches still catch up ignores some. Each request and its answer wake a process that is otherwise at rest, which is
 * most of its processor time. The interval and the silence after it are together below the 5 s after which a watch without a
 * server ends, so that a list is not stale while another server can be reached. etcd's gRPC proxy and etcd before 3.4
 * never answer progress requests; for them, a linearizable read every 5 s on the same connection shows whether the server
 * is alive.
 */
export class WatchStream {
  private stream: EtcdStream<IWatchRequest> | undefined;
  private wanted = false;
  private opening = false;
  /** Ends the wait before the next stream; undefined while there is none. */
  private retry: AbortController | undefined;
  private heartbeatTimer: Timer | undefined;
  /** Whether the timer waits for {@link QUIET_HEARTBEATS}. */
  private timerIsQuiet = false;
  private heartbeats = 0;
  /** The heartbeat of the first progress request since the last message; undefined while the server answers. */
  private waitingSince: number | undefined;
  /** The heartbeat of the last message that shows a working server. */
  private servedAt = 0;
  private failuresInRow = 0;
  /** The heartbeat at which this stream was opened. */
  private openedAt = 0;
  /** The requests that the server of this stream has answered so far. */
  private answers: 'nothing' | 'watches' | 'progress' = 'nothing';
  private unanswering = 0;
  /** Aborts the reads; undefined while progress requests are used. */
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

  /** The open stream, if any. */
  get current(): EtcdStream<IWatchRequest> | undefined {
    return this.stream;
  }

  /** The number of heartbeats so far. */
  get heartbeat(): number {
    return this.heartbeats;
  }

  /** The last heartbeat at which a server was known to work. */
  get lastServedAt(): number {
    // Between two reads a server counts as working: the stream ends with the first read that fails.
    return this.reads ? this.heartbeats : this.servedAt;
  }

  /** The error of each endpoint since the stream last worked, in order. Empty while it works. */
  get failures(): readonly EndpointError[] {
    return this.failed;
  }

  /** Opens a stream, and reopens it after failures. */
  start(): void {
    this.wanted = true;
    if (!this.heartbeatTimer) this.scheduleHeartbeat();
    this.connect();
  }

  /** Replaces progress requests by reads, since the server of this stream does not answer them. */
  useReads(): void {
    if (this.reads || !this.stream) return;
    this.reads = new AbortController();
    this.readAt = this.heartbeats;
  }

  /** Closes the stream and cancels every timer. */
  stop(): void {
    this.wanted = false;
    this.endReads();
    this.stream?.close();
    this.stream = undefined;
    this.heartbeatTimer?.cancel();
    this.heartbeatTimer = undefined;
    this.retry?.abort();
    this.retry = undefined;
  }

  private connect(): void {
    if (this.stream || this.opening || this.retry || !this.wanted) return;
    this.opening = true;
    this.client
      .openStream<IWatchRequest, IWatchResponse>(this.client.pinned, {
        what: 'watching',
        open: async ({ watch }, options) => await watch.watch(options),
        onMessage: (response) => {
          this.handleResponse(response);
        },
        onEnd: (error) => {
          this.handleEnd(error);
        },
      })
      .then(
        (stream) => {
          this.opening = false;
          this.connected(stream);
        },
        (error: unknown) => {
          this.opening = false;
          this.handleEnd(error as Error);
        },
      );
  }

  private connected(stream: EtcdStream<IWatchRequest>): void {
    if (!this.wanted) {
      stream.close();
      return;
    }
    this.stream = stream;
    this.openedAt = this.heartbeats;
    this.waitingSince = this.heartbeats + 1;
    this.answers = 'nothing';
    this.listener.onOpen(stream);
  }

  private handleResponse(response: IWatchResponse): void {
    const { stream } = this;
    if (!stream) return;
    const waited = this.waitingSince !== undefined;
    this.waitingSince = undefined;
    if (!response.canceled) this.markServed();
    if (response.watch_id === NO_WATCH && !response.created && !response.canceled) {
      this.answers = 'progress';
      this.unanswering = 0;
      this.endReads();
    } else if (this.answers === 'nothing') {
      this.answers = 'watches';
      if (this.unanswering >= UNANSWERING_STREAMS) this.useReads();
    }
    if (waited && this.isQuiet) this.scheduleHeartbeat();
    this.listener.onResponse(response, stream);
  }

  private markServed(): void {
    this.servedAt = this.heartbeats;
    this.failed = [];
    this.client.reconnect.attemptSucceeded();
    // Otherwise a stream that fails right after its first responses would be reopened without a pause.
    if (this.heartbeats - this.openedAt < PROVEN_HEARTBEATS) return;
    this.failuresInRow = 0;
    this.backoff.reset();
  }

  private handleEnd(error: Error): void {
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
    if (this.timerIsQuiet) this.scheduleHeartbeat();
    this.failuresInRow += 1;
    void this.reconnect(this.failuresInRow % round === 0);
  }

  /** The other endpoints are tried at once; a pause precedes the next round. */
  private async reconnect(roundFailed: boolean): Promise<void> {
    const { clock } = this.deps;
    const { reconnect } = this.client;
    const retry = new AbortController();
    this.retry = retry;
    if (roundFailed && reconnect.unreachable) {
      reconnect.attemptFailed();
      await reconnect.waitForProbe(retry.signal);
    } else {
      // Requests are served, so a server that fails streams only is no reason for them to wait.
      await pause(clock, roundFailed ? this.backoff.next() : 0, retry.signal).catch(() => undefined);
    }
    if (retry.signal.aborted) return;
    this.retry = undefined;
    this.connect();
  }

  /** Whether the server answers progress requests, and has answered the last one. */
  private get isQuiet(): boolean {
    const { stream, reads, answers, waitingSince } = this;
    return stream !== undefined && !reads && answers === 'progress' && waitingSince === undefined;
  }

  private scheduleHeartbeat(): void {
    this.heartbeatTimer?.cancel();
    this.timerIsQuiet = this.isQuiet;
    const count = this.timerIsQuiet ? QUIET_HEARTBEATS : 1;
    this.heartbeatTimer = this.deps.clock.after(count * HEARTBEAT_MS, () => {
      this.heartbeats += count;
      if (this.stream) this.check(this.stream);
      if (this.wanted) this.scheduleHeartbeat();
      this.listener.onHeartbeat();
    });
  }

  private check(stream: EtcdStream<IWatchRequest>): void {
    if (this.reads) {
      if (this.heartbeats - this.readAt >= READ_HEARTBEATS) void this.read(stream, this.reads);
    } else if (this.heartbeats - (this.waitingSince ??= this.heartbeats) >= SILENT_HEARTBEATS) {
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
    this.markServed();
    if (header) this.listener.onRead(header);
    this.readAt = this.heartbeats;
    // Another server may answer by now. A proxy logs each progress request as an error, so it is not sent to one.
    if (this.unanswering >= UNANSWERING_STREAMS) stream.write(PROGRESS_REQUEST);
  }

  /** The header of a read; undefined when the cluster refuses the read, since a refusal is a sign of life too. */
  private async header(
    { endpoint }: EtcdStream<IWatchRequest>,
    key: Buffer,
    signal: AbortSignal,
  ): Promise<IRangeResponse['header'] | Error | undefined> {
    try {
      const { header } = await this.client.callOne(
        endpoint,
        {
          what: 'checking that the server of a watch is alive',
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
