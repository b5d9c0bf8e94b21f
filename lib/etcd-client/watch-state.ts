import type { IWatchRequest } from 'etcd3';
import { type EndpointError } from './errors/endpoint.error.js';
import { type WatchNotification } from './watch-notification.js';
import { type WatchProgress } from './watch-progress.js';
import { type WatchQueue } from './watch-queue.js';
import { type EtcdWatchRequest } from './watch-request.js';

/** The state of one watch. Times are counted in heartbeats of the stream. */
export interface WatchState {
  /** The watch id that the client proposes to the server. */
  id: number;
  readonly request: EtcdWatchRequest;
  readonly progress: WatchProgress;
  readonly queue: WatchQueue<WatchNotification>;
  /** Removes the listener from the caller's signal. */
  removeListener: () => void;
  clusterId: string | undefined;
  /** Whether the server has created the watch on the current stream. */
  created: boolean;
  /** The heartbeat at which the server created it there. */
  createdAt: number;
  /** Set after a cancellation for an unknown reason; `since` is the heartbeat of the first one. */
  cancelled: { readonly error: EndpointError; readonly since: number } | undefined;
  /** Whether the server's revision is lower than that of the watch: the member lags, or the store was restored. */
  suspect: boolean;
  /** The position of the watch when the last read of the store was sent. */
  floor: bigint | undefined;
  /** The heartbeat at which the caller started the watch. */
  readonly since: number;
  /** The heartbeat of the last notification. */
  notifiedAt: number;
}

/** The create request of a watch, from the position it has reached. */
export function createRequest({ id, request, progress }: WatchState): IWatchRequest {
  const { key, rangeEnd, prevKv = false } = request;
  return {
    create_request: {
      key,
      ...(rangeEnd && { range_end: rangeEnd }),
      start_revision: progress.start,
      prev_kv: prevKv,
      watch_id: id,
      fragment: true,
    },
  };
}
