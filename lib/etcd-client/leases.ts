import { onAbort } from '../common/async/abort.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { LeaseNotFoundError } from './errors/lease-not-found.error.js';
import { leaseHexId } from './hex-id.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStreamOpener } from './stream.js';

/** A lease that the server has granted. */
export interface GrantedLease {
  /** A 64-bit integer in decimal. */
  readonly id: string;
  /** Seconds. The server may grant more than requested. */
  readonly ttl: number;
}

/** The deadline of one renewal. */
export interface RenewOptions {
  /**
   * Milliseconds that one endpoint may take to answer before the next is tried.
   *
   * @default the client's `headerTimeoutPerRequest`
   */
  readonly timeoutMs?: number;
}

/**
 * The leases of one client. All renewals share one stream, which follows the pinned endpoint. When its server is silent,
 * the stream is dropped and the renewal is sent to another endpoint; sending a renewal twice is safe.
 */
export class EtcdLeases {
  private readonly active = new Set<string>();
  private stream: KeepAliveStream | undefined;

  constructor(private readonly client: EtcdCaller & EtcdStreamOpener) {}

  /**
   * Grants a lease of at least `ttl` seconds. It is safe to grant another when a response is lost: no key is bound to
   * the first, and it expires.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async grant(ttl: number, signal?: AbortSignal): Promise<GrantedLease> {
    const { ID, TTL } = await this.client.call(
      {
        what: `granting a lease of ${ttl} s`,
        command: () => ['lease', 'grant', String(ttl)],
        run: async ({ lease }, options) => await lease.leaseGrant({ TTL: ttl }, options),
      },
      signal,
    );
    this.active.add(ID);
    return { id: ID, ttl: Number(TTL) };
  }

  /**
   * Renews a lease.
   *
   * @returns the TTL granted this time, in seconds
   * @throws LeaseNotFoundError when the lease has expired or was revoked
   * @throws as {@link EtcdCaller.call}
   */
  async renew(id: string, { timeoutMs }: RenewOptions = {}, signal?: AbortSignal): Promise<number> {
    const ttl = await this.client.call(
      {
        what: `renewing lease ${id}`,
        ...(timeoutMs !== undefined && { timeoutMs }),
        command: () => ['lease', 'keep-alive', '--once', leaseHexId(id)],
        run: async ({ endpoint }, _options, ended) => {
          const stream = this.streamAt(endpoint);
          const removeListener = onAbort(ended, () => {
            if (ended.reason instanceof DeadlineExceededError) stream.fail(ended.reason.message);
          });
          try {
            return await stream.renew(id);
          } finally {
            removeListener();
          }
        },
      },
      signal,
    );
    if (ttl <= 0) {
      this.forget(id);
      throw new LeaseNotFoundError(id);
    }
    this.active.add(id);
    return ttl;
  }

  /**
   * Revokes a lease, which deletes every key bound to it. Does nothing when the lease is gone already.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async revoke(id: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.client.call(
        {
          what: `revoking lease ${id}`,
          command: () => ['lease', 'revoke', leaseHexId(id)],
          run: async ({ lease }, options) => await lease.leaseRevoke({ ID: id }, options),
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof EtcdResponseError && error.leaseNotFound)) throw error;
    }
    this.forget(id);
  }

  /** Stops tracking a lease that is not renewed any more. The stream closes with the last tracked lease. */
  forget(id: string): void {
    this.active.delete(id);
    if (this.active.size > 0) return;
    this.stream?.retire();
    this.stream = undefined;
  }

  private streamAt(endpoint: string): KeepAliveStream {
    if (this.stream?.endpoint === endpoint && this.stream.open) return this.stream;
    this.stream?.retire();
    this.stream = new KeepAliveStream(endpoint, this.client);
    return this.stream;
  }
}
