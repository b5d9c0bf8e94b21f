import { type EventFingerprint } from './event-fingerprint.js';

/** A range of keys to watch, and where the watch begins. */
export interface EtcdWatchRequest {
  readonly key: Buffer;
  /**
   * The end of the range, exclusive, as in etcd's range requests.
   *
   * @default the single key `key`
   */
  readonly rangeEnd?: Buffer;
  /**
   * The revision after which events are delivered.
   *
   * @default the server's revision when the watch is created
   */
  readonly after?: bigint;
  /**
   * The last event of the range up to `after`. It detects a store that was restored from a backup and has grown past
   * `after` since.
   */
  readonly fingerprint?: EventFingerprint;
  /** The cluster that `after` belongs to, from the header of the read that gave `after`. */
  readonly clusterId?: string;
  /**
   * Whether events carry the previous value.
   *
   * @default false
   */
  readonly prevKv?: boolean;
  /**
   * Milliseconds without a sign of life from any server after which the watch ends with a `ClusterError`.
   *
   * @default no limit
   */
  readonly unavailableTimeoutMs?: number;
}
