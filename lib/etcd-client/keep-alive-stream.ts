import type { ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import { deferred } from '../common/async/deferred.js';
import { EndpointError } from './errors/endpoint.error.js';
import { type EtcdStream, type EtcdStreamOpener } from './stream.js';

interface PendingRenewal {
  readonly resolve: (ttl: number) => void;
  readonly reject: (error: Error) => void;
}

/** A keepalive stream at one endpoint, shared by all leases of a client. A stream that has ended is not reopened. */
export class KeepAliveStream {
  private readonly pending = new Map<string, PendingRenewal[]>();
  private readonly opening: Promise<EtcdStream<ILeaseKeepAliveRequest> | undefined>;
  private error: Error | undefined;
  private retired = false;

  constructor(
    readonly endpoint: string,
    opener: EtcdStreamOpener,
  ) {
    this.opening = opener
      .openStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>(endpoint, {
        what: 'renewing leases',
        open: async ({ lease }, options) => await lease.leaseKeepAlive(options),
        onMessage: ({ ID, TTL }) => {
          this.handleResponse(ID, Number(TTL));
        },
        onEnd: (error) => {
          this.handleEnd(error);
        },
      })
      .catch((error: unknown) => {
        this.handleEnd(error as Error);
        return undefined;
      });
  }

  /** Whether the stream accepts renewals. */
  get open(): boolean {
    return !this.error && !this.retired;
  }

  /**
   * Sends a renewal.
   *
   * @returns the granted TTL in seconds; 0 when the lease is gone
   * @throws the error with which the stream ends
   */
  async renew(id: string): Promise<number> {
    if (this.error) throw this.error;
    const { promise, resolve, reject } = deferred<number>();
    // The server answers the renewals of a lease in order, so the response to an aborted one never settles the next. A
    // renewal counts as pending before the stream is open: `retire` waits for it.
    const queue = this.pending.get(id);
    if (queue) queue.push({ resolve, reject });
    else this.pending.set(id, [{ resolve, reject }]);
    void this.opening.then((stream) => stream?.write({ ID: id }));
    return await promise;
  }

  /** Ends the stream because its server is silent. */
  fail(reason: string): void {
    // Not only when the stream is open: its server may be silent in the login already.
    this.handleEnd(new EndpointError(this.endpoint, reason, false));
    void this.opening.then((stream) => stream?.fail(reason));
  }

  /** Accepts no further renewals, and closes the stream once all pending ones are answered. */
  retire(): void {
    this.retired = true;
    this.closeIfIdle();
  }

  private handleResponse(id: string, ttl: number): void {
    const queue = this.pending.get(id);
    queue?.shift()?.resolve(ttl);
    if (queue?.length === 0) this.pending.delete(id);
    if (this.retired) this.closeIfIdle();
  }

  private closeIfIdle(): void {
    if (this.pending.size === 0) void this.opening.then((stream) => stream?.close());
  }

  private handleEnd(error: Error): void {
    this.error = error;
    const queues = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of queues.flat()) reject(error);
  }
}
