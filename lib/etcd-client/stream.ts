import { type ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { type CallOptions } from './call-options.js';
import { classify } from './classify.js';
import { type EtcdConnection } from './connection.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';

/** A bidirectional stream as the raw clients return it. */
export interface DuplexCall<Q, A> {
  on(event: 'data', run: (answer: A) => void): unknown;
  on(event: 'end', run: () => void): unknown;
  on(event: 'error', run: (error: Error) => void): unknown;
  write(request: Q): void;
  end(): void;
  cancel(): void;
}

/** How a stream is opened, and the callbacks of its owner. */
export interface StreamPlan<Q, A> {
  /** The purpose of the stream, for messages: `watching`. */
  readonly what: string;
  open(connection: EtcdConnection, options: CallOptions): Promise<DuplexCall<Q, A>>;
  onMessage(message: A): void;
  /**
   * Called once when the stream ends, and not after {@link EtcdStream.close}. After an {@link EndpointError} another
   * endpoint can be tried; an {@link EtcdResponseError} is a refusal by the cluster.
   */
  onEnd(error: Error): void;
}

/** Opens streams. The transport implements it. */
export interface EtcdStreamOpener {
  /** The endpoint at which a stream should be opened. */
  readonly pinned: string;
  /** All endpoints. */
  readonly endpoints: readonly string[];
  /** Coordinates reconnection with the client's other users. */
  readonly reconnect: ReconnectCoordinator;

  /**
   * Opens a stream at `endpoint`, on the connection that requests use too, so that a client reconnects with a single
   * connection. A failure moves the pin; the next stream or request makes a new connection.
   *
   * @throws EndpointError when the endpoint fails
   * @throws EtcdResponseError when the cluster refuses the login
   * @throws ClosedError when the client has been closed
   */
  openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>>;

  /** Calls `listener` once, when the client is closed. */
  onClose(listener: (error: Error) => void): void;
}

/**
 * Why a stream ended: `endpoint`, its connection failed; `silent`, its owner gave it up; `token`, its auth token is no
 * longer valid; `answer`, the cluster refused it.
 */
export type StreamFailure = 'endpoint' | 'silent' | 'token' | 'answer';

/** What a stream needs to know of its client, and the client's callbacks. */
export interface StreamHooks {
  /** Whether a refused token can be replaced by another. */
  readonly canRenewToken: boolean;
  /** Whether the token of the stream has been replaced by a newer one. */
  isStale(): boolean;
  /** Adds to a reason what the connection knows, such as its proxy. */
  describe(reason: string): string;
  /** Called once when the stream is over, for whatever reason. */
  onClose(): void;
  /** Called once after a failure, after {@link StreamHooks.onClose}. */
  onFailure(error: Error, kind: StreamFailure): void;
}

/** A stream to one endpoint. */
export class EtcdStream<Q> {
  private ended = false;

  constructor(
    readonly endpoint: string,
    private readonly call: DuplexCall<Q, never>,
    private readonly hooks: StreamHooks,
  ) {
    call.on('end', () => {
      this.finish('endpoint', new EndpointError(endpoint, 'the server ended the stream', false));
    });
    call.on('error', (error) => {
      const { kind, reason, status, unsent, cause } = classify(error);
      if (kind === 'answer' || (kind === 'token' && !hooks.canRenewToken))
        this.finish('answer', new EtcdResponseError(endpoint, reason, status, error));
      else
        this.finish(
          kind === 'token' ? kind : 'endpoint',
          new EndpointError(endpoint, hooks.describe(reason), unsent, cause),
        );
    });
  }

  /** Whether its auth token has been replaced by a newer one. */
  get stale(): boolean {
    return this.hooks.isStale();
  }

  /** Sends a request; does nothing once the stream is over. */
  write(request: Q): void {
    if (!this.ended) this.call.write(request);
  }

  /** Ends the stream without calling its owner. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    // Ended before it is cancelled: etcd3 drops the whole connection on an error of a stream that is still writable.
    this.call.end();
    this.call.cancel();
    this.hooks.onClose();
  }

  /**
   * Ends the stream as failed and calls its owner.
   *
   * @param kind `silent`: the server no longer serves the stream; `token`: the server no longer accepts the token
   */
  fail(reason: string, kind: 'silent' | 'token' = 'silent'): void {
    this.finish(kind, new EndpointError(this.endpoint, reason, false));
  }

  private finish(kind: StreamFailure, error: Error): void {
    if (this.ended) return;
    this.close();
    this.hooks.onFailure(error, kind);
  }
}
