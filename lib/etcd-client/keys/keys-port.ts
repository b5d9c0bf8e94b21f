import type { IEvent, ITxnRequest, ITxnResponse } from 'etcd3';
import { type LeaseLifetime } from '../leases.js';

/**
 * Concurrent requests about leases. Deleting a directory ends a lease for each key in it, and thousands of requests at once
 * would exceed their deadlines.
 */
export const MAX_CONCURRENT_LEASE_REQUESTS = 32;

/** Options of one request. */
export interface RequestOptions {
  readonly signal: AbortSignal | undefined;
  /** The request is not idempotent: it is retried only if the first attempt was provably not sent. */
  readonly oneShot: boolean;
}

/** The range of etcd keys that a watch covers. */
export interface WatchRange {
  readonly key: string;
  /** Exclusive end; undefined for a single key. */
  readonly rangeEnd: string | undefined;
  /** First revision whose events are delivered. */
  readonly fromRevision: number;
  /** Id of the cluster that the revision belongs to, in decimal. */
  readonly clusterId: string;
}

/** Events of complete revisions, in order. An empty batch is a sign of life. */
export interface WatchedEvents {
  readonly events: readonly IEvent[];
  /** All events up to this revision have been delivered. */
  readonly revision: number;
}

/**
 * The requests of the keys API. Each method tries the endpoints by the client's rules.
 *
 * @throws the signal's reason when the caller aborts
 * @throws ClusterError if no endpoint served the request
 * @throws KeysError if etcd refused it
 */
export interface KeysPort {
  /** Runs one transaction, which may be a single read. */
  txn(request: ITxnRequest, options: RequestOptions): Promise<ITxnResponse>;
  /** Grants lease `id` for `ttl` seconds. Returns the seconds that the server granted. Safe to retry. */
  grant(id: string, ttl: number, signal: AbortSignal | undefined): Promise<number>;
  /** Revokes a lease. Does nothing if it does not exist. */
  revoke(id: string, signal: AbortSignal | undefined): Promise<void>;
  /** The remaining seconds of a lease and the number of its keys; undefined if it does not exist. */
  timeToLive(id: string, keys: boolean, signal: AbortSignal | undefined): Promise<LeaseLifetime | undefined>;
  /** Renews a lease. Returns the seconds that the server granted, 0 if the lease does not exist. */
  keepAlive(id: string, signal: AbortSignal | undefined): Promise<number>;
  /**
   * Delivers each event from `range.fromRevision` on exactly once, with the key's previous value, also across members.
   *
   * @throws KeysError 400 if the store was replaced, 401 if the history was compacted up to the error's `index`, 110 if
   * permission is denied
   */
  watch(range: WatchRange, signal: AbortSignal): AsyncIterable<WatchedEvents>;
}
