import { type Candidacy, type CandidacyListener } from './candidacy.js';
import { type Locks } from './locks.js';

/** The locks of a backend. */
export interface BackendLocks extends Locks {
  /** The labels of the runs in progress. */
  readonly running: readonly string[];
  /** Refuses further runs, and aborts the signals. */
  shutdown(): void;
}

/** What elections and locks of one process run on: the thread of the application, or the worker thread of `isolate`. */
export interface ElectionBackend {
  readonly locks: BackendLocks;
  /** Seconds granted to the session; those requested before the first grant. */
  readonly ttl: number;
  /** Begins to observe an election. Called once for each name. */
  candidacy(name: string, listener: CandidacyListener): Candidacy;
  /** Ends everything: released records stay for the other candidates, records in use are left to expire. Never rejects. */
  close(): Promise<void>;
}
