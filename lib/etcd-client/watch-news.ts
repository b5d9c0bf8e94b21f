import type { IEvent } from 'etcd3';
import { type Witness } from './witness.js';

/** What is watched. */
export interface EtcdWatchRequest {
  readonly key: Buffer;
  /** As in a range: the end of the keys, exclusive; the one `key` unless given. */
  readonly rangeEnd?: Buffer;
  /** Everything after this revision is delivered; from now on unless given. */
  readonly after?: bigint;
  /** What happened last in the range up to `after`: tells a store that was restored and has grown since. */
  readonly witness?: Witness;
  /** The cluster that `after` belongs to, from the header it was read from. */
  readonly clusterId?: string;
  /** Whether events carry what was there before. */
  readonly prevKv?: boolean;
  /** Milliseconds without a word of any server after which the watch ends with a `ClusterError`; it waits for ever unless given. */
  readonly patience?: number;
}

/** What a watch tells. After `compacted` and `replaced` it has ended. */
export type WatchNews =
  /** The server is alive, and nothing is known to be missing up to `revision`. */
  | { readonly kind: 'alive'; readonly revision: bigint }
  /** Complete revisions, in order, each once. `revision` is the last of them, `witness` what tells it from another history's. */
  | {
      readonly kind: 'events';
      readonly events: readonly IEvent[];
      readonly revision: bigint;
      readonly witness?: Witness | undefined;
    }
  /** History was compacted up to `revision`, beyond where this watch had come. */
  | { readonly kind: 'compacted'; readonly revision: bigint }
  /** Another history: the cluster was replaced, or restored from an older state. */
  | { readonly kind: 'replaced'; readonly reason: string };
