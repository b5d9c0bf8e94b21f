import {
  type EntryKey,
  type EntryRecord,
  type RegistryEntry,
  type Renewal,
  type Scope,
  type WriteResult,
} from 'nestjs-sidekick/registry';

/** The requests of the store: `POST /NAME` with the first type as JSON, answered with the second. */
export interface Requests {
  open: [{ ttl: number }, { session: string; ttl: number }];
  renew: [{ session: string }, Renewal];
  write: [{ session: string; record: EntryRecord; version?: string }, WriteResult];
  remove: [{ session: string; entryKey: EntryKey; version?: string }, object];
  end: [{ session: string }, object];
  list: [{ scope: Scope }, { entries: RegistryEntry[] }];
}

/** The status of an answer about a session that the store no longer knows. */
export const SESSION_GONE = 410;
