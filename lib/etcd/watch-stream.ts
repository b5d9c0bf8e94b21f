import type { IWatchRequest, IWatchResponse } from 'etcd3';
import { Backoff } from '../kernel/backoff.js';
import { type Clock, type Timer } from '../kernel/clock.js';
import { type Random } from '../kernel/random.js';
import { EndpointError } from './errors/endpoint.error.js';
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
  /** Called every {@link HEARTBEAT} ms, whether a stream is open or not. */
  onBeat(): void;
}

/** Milliseconds between two questions whether the server is still there. */
export const HEARTBEAT = 500;
/** Heartbeats without a word after which a server is left. */
const SILENT_HEARTBEATS = 3;
/** How long a watch waits between rounds of all endpoints: a few seconds at most, spread out for the herd's sake. */
const RECONNECT = Object.freeze({ base: 100, cap: 4_000 });

/**
 * The stream of all watches of a client, kept open from {@link WatchStream.start} to {@link WatchStream.stop}. A server
 * that stays silent is left for the next, without a limit to the retries. Its time is counted in heartbeats, not by the
 * clock: after a blocked event loop the answers that wait are read first.
 */
export class WatchStream {
  private stream: EtcdStream<IWatchRequest> | undefined;
  private wanted = false;
  private opening = false;
  private retry: Timer | undefined;
  private heartbeat: Timer | undefined;
  private beats = 0;
  /** The beat of the last word on this stream, or of its beginning. */
  private heardAt = 0;
  /** The beat of the last word of a server that served. */
  private servedAt = 0;
  private failuresInRow = 0;
  private failed: EndpointError[] = [];
  private readonly backoff: Backoff;

  constructor(
    private readonly client: EtcdStreamOpener,
    private readonly deps: { readonly clock: Clock; readonly random: Random },
    private readonly listener: WatchStreamListener,
  ) {
    this.backoff = new Backoff(RECONNECT, deps.random);
  }

  /** The stream that is open. */
  get current(): EtcdStream<IWatchRequest> | undefined {
    return this.stream;
  }

  /** Heartbeats so far. */
  get beat(): number {
    return this.beats;
  }

  /** The last heartbeat by which a server was known to serve. */
  get servedBy(): number {
    return this.servedAt;
  }

  /** Why the stream is down: each endpoint's error since it last worked, in order. Empty while it works. */
  get failures(): readonly EndpointError[] {
    return this.failed;
  }

  /** Keeps a stream open from now on. */
  start(): void {
    this.wanted = true;
    if (!this.heartbeat) this.beatOn();
    this.connect();
  }

  /** Ends the stream and every timer. */
  stop(): void {
    this.wanted = false;
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
    this.heardAt = this.beats;
    this.listener.onOpen(stream);
  }

  private answered(answer: IWatchResponse): void {
    const { stream } = this;
    if (!stream) return;
    this.heardAt = this.beats;
    if (!answer.canceled) {
      this.servedAt = this.beats;
      this.failed = [];
      this.failuresInRow = 0;
      this.backoff.reset();
    }
    this.listener.onAnswer(answer, stream);
  }

  private lost(error: Error): void {
    this.stream = undefined;
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
        ? this.client.reach.after(this.backoff.next(), tryAgain)
        : this.deps.clock.after(0, tryAgain);
  }

  private beatOn(): void {
    this.heartbeat = this.deps.clock.after(HEARTBEAT, () => {
      this.beats += 1;
      this.beatOn();
      if (this.beats - this.heardAt > SILENT_HEARTBEATS)
        this.stream?.fail(`silent for ${HEARTBEAT * SILENT_HEARTBEATS} ms`);
      else this.stream?.write({ progress_request: {} });
      this.listener.onBeat();
    });
  }
}
