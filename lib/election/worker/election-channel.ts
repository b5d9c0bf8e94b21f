import { type ElectionReport, type ElectionRequest, type ElectionResult } from './protocol.js';

/** Sends one request to the worker. */
export type SendElectionRequest = (request: ElectionRequest) => Promise<ElectionResult | undefined>;

/** A user of an {@link ElectionChannel}. */
export interface ElectionChannelUser {
  onReport(report: ElectionReport): void;
  /** The worker has died, and with it its session. */
  onEnded(): void;
  /** Sends to a new worker what the dead one kept. */
  restore(send: SendElectionRequest): Promise<unknown>;
}

/** The worker thread, as elections use it. */
export interface ElectionChannel {
  /** Sends a request to the worker that runs. Rejects when there is none, and when it dies before it has answered. */
  readonly send: SendElectionRequest;
  /** Adds a user. Returns a function that removes it. */
  use(user: ElectionChannelUser): () => Promise<void>;
}
