import { type CallOptions } from './call-options.js';
import { classify } from './classify.js';
import { type EtcdConnection } from './connection.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type Connectivity } from './connectivity.js';

/** What the raw clients return for a stream. */
export interface DuplexCall<Q, A> {
  on(event: 'data', run: (answer: A) => void): unknown;
  on(event: 'end', run: () => void): unknown;
  on(event: 'error', run: (error: Error) => void): unknown;
  write(request: Q): void;
  end(): void;
  cancel(): void;
}

/** How a stream is opened, and who hears of it. */
export interface StreamPlan<Q, A> {
  /** What it is for, for messages: `watching`. */
  readonly what: string;
  open(connection: EtcdConnection, options: CallOptions): Promise<DuplexCall<Q, A>>;
  onMessage(message: A): void;
  /**
   * The stream is over. Called once, and not after {@link EtcdStream.close}. An {@link EndpointError} means that
   * another endpoint may do better, an {@link EtcdResponseError} is the cluster's word.
   */
  onEnd(error: Error): void;
}

/** Opens streams; the transport does. */
export interface EtcdStreamOpener {
  /** The endpoint a stream is best opened at. */
  readonly pinned: string;
  /** How many endpoints there are to go round. */
  readonly endpoints: readonly string[];
  /** Whether the cluster can be reached, as far as anybody knows. */
  readonly connectivity: Connectivity;

  /**
   * Opens a stream at `endpoint`, on the connection that requests use too: a client comes back as one connection.
   * A failure moves the pin, and the next stream or request begins on a new one; what else goes on there may.
   *
   * @throws EndpointError, EtcdResponseError when no token is to be had; ClosedError when the client has been closed
   */
  openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>>;

  /** Calls `run` once, when the client is closed, so that what stands on it leaves nothing behind. */
  onClose(run: (error: Error) => void): void;
}

/** What ended a stream: its connection, its owner who waits no longer, an old token, or the cluster's word. */
export type StreamFailure = 'endpoint' | 'silent' | 'token' | 'answer';

/** A stream that is open, or was. */
export class EtcdStream<Q> {
  private ended = false;

  /**
   * @param onFailed hears of a failure before the plan's owner does
   * @param hasUser whether a refused token can be replaced by another
   * @param complete adds to a reason what its connection knows
   */
  constructor(
    readonly endpoint: string,
    private readonly call: DuplexCall<Q, never>,
    private readonly release: () => void,
    private readonly onFailed: (error: Error, kind: StreamFailure) => void,
    private readonly onEnd: (error: Error) => void,
    private readonly isStale: () => boolean,
    hasUser = true,
    complete: (reason: string) => string = (reason) => reason,
  ) {
    call.on('end', () => {
      this.finish('endpoint', new EndpointError(endpoint, 'the server ended the stream', false));
    });
    call.on('error', (error) => {
      const { kind, reason, status, unsent, cause } = classify(error);
      if (kind === 'answer' || (kind === 'token' && !hasUser))
        this.finish('answer', new EtcdResponseError(endpoint, reason, status, error));
      else
        this.finish(
          kind === 'token' ? kind : 'endpoint',
          new EndpointError(endpoint, complete(reason), unsent, cause),
        );
    });
  }

  /** Whether its auth token has been replaced by a newer one. */
  get stale(): boolean {
    return this.isStale();
  }

  /** Sends a request; does nothing once the stream is over. */
  write(request: Q): void {
    if (!this.ended) this.call.write(request);
  }

  /** Ends it without a word to its owner. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    // Ended first: etcd3 takes the error of a stream that could still be written for the connection's, and drops it.
    this.call.end();
    this.call.cancel();
    this.release();
  }

  /** Gives the stream up since its server no longer serves it; `kind` `token`: since it no longer knows the user. */
  fail(reason: string, kind: 'silent' | 'token' = 'silent'): void {
    this.finish(kind, new EndpointError(this.endpoint, reason, false));
  }

  private finish(kind: StreamFailure, error: Error): void {
    if (this.ended) return;
    this.close();
    this.onFailed(error, kind);
    this.onEnd(error);
  }
}
