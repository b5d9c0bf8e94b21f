import type { IEvent, ITxnRequest, ITxnResponse } from 'etcd3';

/** How one request is made. */
export interface RequestOptions {
  readonly signal: AbortSignal | undefined;
  /** Never send it again unless the first was provably not sent: it would not do the same twice. */
  readonly oneShot: boolean;
}

/** What is followed in the flat key space. */
export interface WatchRange {
  readonly key: string;
  /** Exclusive end; undefined for the one key. */
  readonly rangeEnd: string | undefined;
  /** First revision of interest. */
  readonly fromRevision: number;
  /** The cluster that revision is of, in decimal. */
  readonly clusterId: string;
}

/** Whole revisions, in order; no event is a sign of life. */
export interface WatchedEvents {
  readonly events: readonly IEvent[];
  /** Everything up to here has been delivered. */
  readonly revision: number;
}

/**
 * What the keys API needs of the connection. Each method goes round the endpoints as the client's rules say, and
 * rejects with the caller's abort, a `ClusterError`, or a `KeysError` where etcd answered no.
 */
export interface KeysPort {
  /** One transaction; a lone read is a transaction too. */
  txn(request: ITxnRequest, options: RequestOptions): Promise<ITxnResponse>;
  /** Grants lease `id` for `ttl` seconds and gives what was granted. Safe to send twice. */
  grant(id: string, ttl: number, signal: AbortSignal | undefined): Promise<number>;
  /** Ends a lease; one that is gone already is fine. */
  revoke(id: string, signal: AbortSignal | undefined): Promise<void>;
  /** Seconds left and the number of keys that stand on the lease; undefined where it is gone. */
  timeToLive(
    id: string,
    keys: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly ttl: number; readonly keys: number } | undefined>;
  /** Renews a lease and gives its granted TTL, 0 where it is gone. */
  keepAlive(id: string, signal: AbortSignal | undefined): Promise<number>;
  /**
   * Events from `range.fromRevision` on, each with the key's previous value, nothing lost and nothing twice whatever
   * happens to members.
   *
   * @throws KeysError 400 when the history is another one, 401 when it was compacted up to the error's `index`, 110
   * when permission is denied
   */
  watch(range: WatchRange, signal: AbortSignal): AsyncIterable<WatchedEvents>;
}
