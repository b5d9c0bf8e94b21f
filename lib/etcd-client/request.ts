import { type CallOptions } from './call-options.js';
import { type EtcdConnection } from './connection.js';

/** One request, as {@link EtcdCaller.call} makes it. */
export interface EtcdRequest<T> {
  /** What it does, for messages: `reading "/servers"`. */
  readonly what: string;
  /**
   * Whether doing it twice is not the same as doing it once (create, delete, compare). Such a request goes to another
   * endpoint only after a failure that proves the first never arrived. Default false.
   */
  readonly oneShot?: boolean;
  /** Whether a member that knows no leader refuses at once. Default true; false for reads that may be stale. */
  readonly requireLeader?: boolean;
  /** Milliseconds an endpoint may take; the client's `headerTimeoutPerRequest` unless given. */
  readonly timeoutMs?: number;
  /** The words of the `etcdctl` command that would do the same, secrets masked, for the debug switch. */
  readonly command?: () => readonly string[];
  /** What that command reads from its standard input, where it reads any. */
  readonly input?: () => string;
  /**
   * Makes the call at one endpoint. `options` carries the deadline, the token and the cancel: it goes along with each
   * call of the raw clients. `signal` is aborted when the attempt is over before its answer. What `run` throws of its
   * own passes through to the caller.
   */
  run(connection: EtcdConnection, options: CallOptions, signal: AbortSignal): Promise<T>;
}

/** Who makes requests; the transport is one, and what stands on it needs no more. */
export interface EtcdCaller {
  /** Milliseconds one endpoint may take to answer. */
  readonly timeoutMs: number;

  /**
   * Makes a request at the pinned endpoint and, while that is safe, at the others. Where members report an election, a
   * request that is not `oneShot` goes round once more.
   *
   * @throws the signal's reason when the caller aborts, whatever else went wrong
   * @throws EtcdResponseError when the cluster answered and refused
   * @throws ClusterError when no endpoint could serve it, with each one's error
   * @throws ClosedError when the client has been closed
   * @throws whatever `request.run` throws of its own
   */
  call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T>;

  /**
   * One attempt, at this endpoint and no other; for requests that mean one member, such as its status.
   *
   * @throws as {@link EtcdCaller.call}, the ClusterError with one error
   */
  callOne<T>(endpoint: string, request: EtcdRequest<T>, signal?: AbortSignal): Promise<T>;
}
