import type { ILeaseTimeToLiveResponse } from 'etcd3';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { LeaseNotFoundError } from './errors/lease-not-found.error.js';
import { leaseHexId } from './hex-id.js';
import { KeepAliveLane, type KeepAliveClient } from './keep-alive-lane.js';
import { type EtcdCaller } from './request.js';

/** A lease that the server has granted. */
export interface GrantedLease {
  /** A 64-bit integer in decimal. */
  readonly id: string;
  /** Seconds. The server may grant more than requested. */
  readonly ttl: number;
}

/** Options of {@link EtcdLeases.grant}. */
export interface GrantOptions {
  /**
   * A random id in decimal. The server is asked for this lease again when a response is lost.
   *
   * @default an id of the server; when a response is lost another lease is granted, and the first expires without keys
   */
  readonly id?: string;
}

/** Options of {@link EtcdLeases.renew}. */
export interface RenewOptions {
  /**
   * Milliseconds that one endpoint may take to answer before the next is tried.
   *
   * @default the client's `headerTimeoutPerRequest`
   */
  readonly timeoutMs?: number;
  /**
   * Whether the lease is renewed this once only, so that the stream need not stay open for it.
   *
   * @default false
   */
  readonly once?: boolean;
}

/** The remaining lifetime of a lease. */
export interface LeaseLifetime {
  /** Seconds. */
  readonly ttl: number;
  /** The number of keys that are bound to the lease; 0 unless they were asked for. */
  readonly keys: number;
}

/** The leases of one client. Renewals have a stream of their own, see {@link KeepAliveLane}. */
export class EtcdLeases {
  private readonly lane: KeepAliveLane;

  constructor(private readonly client: EtcdCaller & KeepAliveClient) {
    this.lane = new KeepAliveLane(client);
  }

  /**
   * Grants a lease of at least `ttl` seconds. Safe to retry.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async grant(ttl: number, { id }: GrantOptions = {}, signal?: AbortSignal): Promise<GrantedLease> {
    return await this.client.call(
      {
        what: `granting a lease of ${ttl} s`,
        command: () => ['lease', 'grant', String(ttl)],
        run: async ({ lease }, options) => {
          try {
            const granted = await lease.leaseGrant(
              { TTL: ttl, ...(id !== undefined && { ID: id }) },
              options,
            );
            return { id: granted.ID, ttl: Number(granted.TTL) };
          } catch (error) {
            // The id is random, so the lease exists only if an earlier attempt succeeded and its response was lost.
            if (id === undefined || !String(error).includes('lease already exists')) throw error;
            const { grantedTTL } = await lease.leaseTimeToLive({ ID: id, keys: false }, options);
            return { id, ttl: Number(grantedTTL) };
          }
        },
      },
      signal,
    );
  }

  /**
   * Renews a lease.
   *
   * @returns the TTL granted this time, in seconds
   * @throws LeaseNotFoundError when the lease has expired or was revoked
   * @throws as {@link KeepAliveLane.renew}
   */
  async renew(id: string, { timeoutMs, once }: RenewOptions = {}, signal?: AbortSignal): Promise<number> {
    const ttl = await this.lane.renew(id, { timeoutMs, track: once !== true }, signal);
    if (ttl <= 0) throw new LeaseNotFoundError(id);
    return ttl;
  }

  /**
   * The remaining lifetime of a lease; undefined when it does not exist.
   *
   * @param keys whether to count the keys that are bound to it
   * @throws as {@link EtcdCaller.call}
   */
  async timeToLive(id: string, keys: boolean, signal?: AbortSignal): Promise<LeaseLifetime | undefined> {
    const response = await this.fetchLifetime(id, keys, signal);
    const ttl = Number(response.TTL);
    return ttl < 0 ? undefined : { ttl, keys: response.keys.length };
  }

  /**
   * The keys that are bound to a lease; undefined when it does not exist.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async attachedKeys(id: string, signal?: AbortSignal): Promise<readonly Buffer[] | undefined> {
    const { TTL, keys } = await this.fetchLifetime(id, true, signal);
    return Number(TTL) < 0 ? undefined : keys;
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

  private async fetchLifetime(
    id: string,
    keys: boolean,
    signal: AbortSignal | undefined,
  ): Promise<ILeaseTimeToLiveResponse> {
    return await this.client.call(
      {
        what: `reading the remaining TTL of lease ${id}`,
        command: () => ['lease', 'timetolive', leaseHexId(id), ...(keys ? ['--keys'] : [])],
        run: async ({ lease }, options) => await lease.leaseTimeToLive({ ID: id, keys }, options),
      },
      signal,
    );
  }

  /** Stops tracking a lease that is not renewed any more. The stream closes with the last tracked lease. */
  forget(id: string): void {
    this.lane.forget(id);
  }
}
