import { abortReason } from '../common/async/abort.js';
import { attempt } from '../common/async/deadline.js';
import { type Clock } from '../common/clock.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { isElection } from './classify.js';
import { roundFrom } from './endpoint-selection.js';
import { ClusterError } from './errors/cluster.error.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { leaseHexId } from './hex-id.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import { type EtcdStreamOpener } from './stream.js';

/** What a {@link KeepAliveLane} needs of its client. The transport implements it. */
export interface KeepAliveClient extends EtcdStreamOpener {
  readonly clock: Clock;
  /** Milliseconds that one endpoint may take to answer. */
  readonly timeoutMs: number;
  /** Pins an endpoint, which has just worked. */
  pin(endpoint: string): void;
  /** Moves the pin away from an endpoint that has failed. */
  leave(endpoint: string): void;
  /** Waits for about as long as the members need to elect a leader. */
  waitForElection(signal: AbortSignal | undefined): Promise<void>;
  /** Logs the equivalent `etcdctl` command of a request, with the `debug` option. */
  logCommand(endpoint: string, command: () => readonly string[]): void;
}

/** How {@link KeepAliveLane.renew} renews. */
export interface LaneOptions {
  /** Milliseconds that one endpoint may take to answer; undefined: the client's. */
  readonly timeoutMs: number | undefined;
  /** Whether the stream stays open for the next renewal of this lease. */
  readonly track: boolean;
}

/** Rounds of all endpoints: while the members elect a leader, and for a single endpoint, over another stream. */
const MAX_ROUNDS = 2;

/**
 * Renews the leases of one client over one stream, apart from its requests: a renewal waits for no auth token, queue or
 * retry of theirs. The stream follows the pinned endpoint. When its server is silent, the stream is dropped and the renewal
 * is sent to another endpoint; sending a renewal twice is safe.
 */
export class KeepAliveLane {
  private readonly tracked = new Set<string>();
  private stream: KeepAliveStream | undefined;

  constructor(private readonly client: KeepAliveClient) {}

  /**
   * Renews a lease: one attempt at every endpoint, at least two in all unless the only endpoint cannot be connected to. When
   * members report an election, all endpoints are tried once more.
   *
   * @returns the granted TTL in seconds; 0 when the lease is gone
   * @throws the reason of `signal` when it is aborted
   * @throws EtcdResponseError when the cluster refused the renewal
   * @throws ClusterError with the error of each attempt when no endpoint answered
   * @throws ClosedError when the client is closed
   */
  async renew(id: string, options: LaneOptions, signal?: AbortSignal): Promise<number> {
    const { client } = this;
    if (options.track) this.tracked.add(id);
    try {
      const errors: EndpointError[] = [];
      for (let rounds = 1; ; rounds += 1) {
        const result = await this.renewOnce(id, options, signal);
        if (typeof result === 'number') {
          if (result <= 0) this.tracked.delete(id);
          return result;
        }
        errors.push(...result);
        const electing = result.some(({ reason }) => isElection(reason));
        // A refused connection is refused again; over a silent one another stream may work.
        const again = electing || (result.length === 1 && result[0]?.unsent === false);
        if (rounds === MAX_ROUNDS || !again) break;
        if (electing) await client.waitForElection(signal);
      }
      client.reconnect.attemptFailed();
      throw new ClusterError(errors);
    } finally {
      this.closeIfUnused();
    }
  }

  /** Stops tracking a lease. The stream closes with the last tracked lease. */
  forget(id: string): void {
    this.tracked.delete(id);
    this.closeIfUnused();
  }

  private closeIfUnused(): void {
    if (this.tracked.size > 0) return;
    this.stream?.retire();
    this.stream = undefined;
  }

  /** Tries all endpoints. Returns the granted TTL, or the fault of each endpoint. */
  private async renewOnce(
    id: string,
    options: LaneOptions,
    signal: AbortSignal | undefined,
  ): Promise<number | readonly EndpointError[]> {
    const { client } = this;
    const errors: EndpointError[] = [];
    for (const endpoint of roundFrom(client.endpoints, client.pinned)) {
      const result = await this.renewAt(endpoint, id, options, signal);
      if (typeof result === 'number') {
        if (errors.length > 0) client.pin(endpoint);
        client.reconnect.attemptSucceeded();
        return result;
      }
      client.leave(endpoint);
      errors.push(result);
    }
    return errors;
  }

  /** Makes one attempt. Returns the granted TTL, or the fault of the endpoint. */
  private async renewAt(
    endpoint: string,
    id: string,
    { timeoutMs = this.client.timeoutMs }: LaneOptions,
    signal: AbortSignal | undefined,
  ): Promise<number | EndpointError> {
    const { client } = this;
    const { clock } = client;
    if (signal?.aborted) throw abortReason(signal);
    client.logCommand(endpoint, () => ['lease', 'keep-alive', '--once', leaseHexId(id)]);
    const stream = this.streamAt(endpoint);
    try {
      return await attempt({ clock, timeoutMs, signal, what: `renewing lease ${id}` }, () =>
        stream.renew(id),
      );
    } catch (error) {
      // A deadline of the caller shows as much about the endpoint as that of the attempt.
      if (error instanceof DeadlineExceededError) {
        stream.fail(error.message);
        client.leave(endpoint);
      }
      if (signal?.aborted) throw abortReason(signal);
      if (error instanceof EndpointError) return error;
      if (error instanceof DeadlineExceededError)
        return new EndpointError(endpoint, error.message, false, error);
      if (error instanceof EtcdResponseError) client.reconnect.attemptSucceeded();
      throw error;
    }
  }

  private streamAt(endpoint: string): KeepAliveStream {
    if (this.stream?.endpoint === endpoint && this.stream.open) return this.stream;
    this.stream?.retire();
    this.stream = new KeepAliveStream(endpoint, this.client);
    return this.stream;
  }
}
