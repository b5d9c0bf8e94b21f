import { type CallOptions } from './call-options.js';
import { type EtcdConnection } from './connection.js';

/** One request, for {@link EtcdCaller.call}. */
export interface EtcdRequest<T> {
  /** The action, for messages: `reading "/servers"`. */
  readonly what: string;
  /**
   * Whether the request is not idempotent (create, delete, compare). It is sent to another endpoint only after a failure
   * which proves that the first endpoint did not receive it.
   *
   * @default false
   */
  readonly oneShot?: boolean;
  /**
   * Whether a member without a leader refuses at once. False is for reads that may be stale.
   *
   * @default true
   */
  readonly requireLeader?: boolean;
  /**
   * Milliseconds that one endpoint may take to answer.
   *
   * @default the client's `headerTimeoutPerRequest`
   */
  readonly timeoutMs?: number;
  /** The arguments of the equivalent `etcdctl` command, secrets masked, for the `debug` option. */
  readonly command?: () => readonly string[];
  /** The standard input of that command, if any. */
  readonly input?: () => string;
  /**
   * Makes the call at one endpoint. Errors that do not come from the raw clients are passed to the caller.
   *
   * @param options deadline, token and cancellation, for each call of the raw clients
   * @param signal aborted when the attempt ends before its response
   */
  run(connection: EtcdConnection, options: CallOptions, signal: AbortSignal): Promise<T>;
}

/** Makes requests. The transport implements it. */
export interface EtcdCaller {
  /** Milliseconds that one endpoint may take to answer. */
  readonly timeoutMs: number;

  /**
   * Makes a request at the pinned endpoint and, while that is safe, at the others. When members report an election, a
   * request that is not `oneShot` tries all endpoints once more.
   *
   * @throws the reason of `signal` when it is aborted; it takes precedence over every other error
   * @throws EtcdResponseError when the cluster refused the request
   * @throws ClusterError with the error of each attempt when no endpoint served the request
   * @throws ClosedError when the client has been closed
   * @throws what `request.run` throws of its own
   */
  call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T>;

  /**
   * Makes one attempt at one endpoint, for requests that concern a single member, such as its status.
   *
   * @throws as `call`; a ClusterError has one error
   */
  callOne<T>(endpoint: string, request: EtcdRequest<T>, signal?: AbortSignal): Promise<T>;
}
