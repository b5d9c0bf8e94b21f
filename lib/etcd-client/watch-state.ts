import { type EndpointError } from './errors/endpoint.error.js';
import { type EtcdWatchRequest } from './watch-request.js';
import { type WatchNotification } from './watch-notification.js';
import { type WatchQueue } from './watch-queue.js';
import { type WatchProgress } from './watch-progress.js';

/** One watch of a client. */
export interface WatchState {
  /** The number that is proposed to the server. */
  id: number;
  readonly request: EtcdWatchRequest;
  readonly progress: WatchProgress;
  readonly queue: WatchQueue<WatchNotification>;
  /** Removes the listener from the caller's signal. */
  readonly release: () => void;
  clusterId: string | undefined;
  /** Whether it has begun on the stream that is open. */
  created: boolean;
  /** The heartbeat at which it began there. */
  createdAt: number;
  /** Why it was cancelled without a known reason, and since which heartbeat. */
  cancelled: { readonly error: EndpointError; readonly since: number } | undefined;
  /** The server's revision lies behind ours: a lagging member, or a store that went back. */
  suspect: boolean;
  /** How far it had come when the last read of the store was sent. */
  floor: bigint | undefined;
  /** The heartbeat it began with. */
  readonly since: number;
  /** The heartbeat at which it last had news. */
  notifiedAt: number;
}
