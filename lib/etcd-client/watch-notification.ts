import type { IEvent } from 'etcd3';
import { type EventFingerprint } from './event-fingerprint.js';

/** One item that a watch delivers. `compacted` and `replaced` are the last item of a watch. */
export type WatchNotification =
  /** The server is alive, and every event up to `revision` has been delivered. */
  | { readonly kind: 'alive'; readonly revision: bigint }
  /** Complete revisions in order, each delivered once. `revision` and `fingerprint` are those of the last event. */
  | {
      readonly kind: 'events';
      readonly events: readonly IEvent[];
      readonly revision: bigint;
      readonly fingerprint?: EventFingerprint | undefined;
    }
  /** The server has compacted the history up to `revision`, and the watch had not received all of it. */
  | { readonly kind: 'compacted'; readonly revision: bigint }
  /** The cluster was replaced, or restored from an older state: its history is not the one that was watched. */
  | { readonly kind: 'replaced'; readonly reason: string };
