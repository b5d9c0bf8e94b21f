import { DeadlineExceededError } from '../common/errors/index.js';
import { LeaseNotFoundError } from './errors/lease-not-found.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import { type EtcdCaller } from './request.js';
import { type EtcdStreamOpener } from './stream.js';

/** A lease as the server granted it. */
export interface GrantedLease {
  /** A 64-bit number in decimal. */
  readonly id: string;
  /** Seconds; the server may grant more than was asked for. */
  readonly ttl: number;
}

/** How one renewal is bounded. */
export interface RenewOptions {
  /** Milliseconds one endpoint may take to answer before the next is tried; the client's own unless given. */
  readonly timeoutMs?: number;
}

/**
 * Leases of one client. However many there are, their renewals share one stream, which follows the pinned endpoint:
 * one that stays silent is left, and the renewal is sent again elsewhere, which is always safe.
 */
export class EtcdLeases {
  private readonly alive = new Set<string>();
  private stream: KeepAliveStream | undefined;

  constructor(private readonly client: EtcdCaller & EtcdStreamOpener) {}

  /**
   * Opens a lease of at least `ttl` seconds. One whose answer was lost holds nothing and ends by itself, so asking
   * again is safe.
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
    this.alive.add(ID);
    return { id: ID, ttl: Number(TTL) };
  }

  /**
   * Renews a lease.
   *
   * @returns the seconds granted this time
   * @throws LeaseNotFoundError when the server no longer knows it; otherwise as {@link EtcdCaller.call}
   */
  async renew(id: string, { timeoutMs }: RenewOptions = {}, signal?: AbortSignal): Promise<number> {
    const ttl = await this.client.call(
      {
        what: `renewing lease ${id}`,
        ...(timeoutMs !== undefined && { timeoutMs }),
        command: () => ['lease', 'keep-alive', '--once', leaseHexId(id)],
        run: async ({ endpoint }, _options, attempt) => {
          const stream = this.streamAt(endpoint);
          const silent = (): void => {
            if (attempt.reason instanceof DeadlineExceededError) stream.fail(attempt.reason.message);
          };
          attempt.addEventListener('abort', silent, { once: true });
          try {
            return await stream.renew(id);
          } finally {
            attempt.removeEventListener('abort', silent);
          }
        },
      },
      signal,
    );
    if (ttl <= 0) {
      this.forget(id);
      throw new LeaseNotFoundError(id);
    }
    this.alive.add(id);
    return ttl;
  }

  /**
   * Ends a lease and deletes every key bound to it; one that is gone already is fine.
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

  /**
   * Seconds that are left of a lease, of anybody's; undefined where it is gone.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async timeToLive(id: string, signal?: AbortSignal): Promise<number | undefined> {
    const { TTL } = await this.client.call(
      {
        what: `looking at lease ${id}`,
        command: () => ['lease', 'timetolive', leaseHexId(id)],
        run: async ({ lease }, options) => await lease.leaseTimeToLive({ ID: id, keys: false }, options),
      },
      signal,
    );
    return Number(TTL) < 0 ? undefined : Number(TTL);
  }

  /** Stops counting a lease: the stream closes when none is left. For leases that are let go without a word. */
  forget(id: string): void {
    this.alive.delete(id);
    if (this.alive.size > 0) return;
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

/** A lease's id as `etcdctl` prints it. */
export function leaseHexId(id: string): string {
  return BigInt.asUintN(64, BigInt(id)).toString(16).padStart(16, '0');
}
