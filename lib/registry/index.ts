/**
 * `nestjs-sidekick/registry`, for authors of drivers: the port with its run-time helpers, and the list-and-watch cache.
 *
 * @packageDocumentation
 */
export { type BackoffOptions } from '../common/async/backoff.js';
export { type Clock, type Timer } from '../common/clock.js';
export { type Logger } from '../common/logger.js';
export { type Random } from '../common/random.js';
export { checkRecord, checkScope, MAX_VALUE_BYTES } from './check-record.js';
export { completeListing } from './complete-listing.js';
export {
  type EntryKey,
  entryKeyId,
  entryKeyLabel,
  entryKeyOf,
  type EntryRecord,
  type InstanceKey,
  type InstanceRecord,
  type KeyRecord,
  type KeySpace,
  type PlainKey,
  type RegistrationHints,
} from './entry-record.js';
export { type EntriesDiff, type RemovalCause, type RemovedEntry } from './entry-store.js';
export { completeInstance, DEFAULT_WEIGHT, type Instance, type PartialInstance } from './instance.js';
export { type ExaminedRights, type Finding, type RegistryMember } from './inspection.js';
export { ListWatcher } from './list-watcher.js';
export { type ListUpdate, type ListWatcherOptions, type ListWatchState } from './list-watcher.types.js';
export {
  type Change,
  type Cursor,
  type EntryChange,
  type Listing,
  type MalformedEntry,
  type Registry,
  type RegistryEntry,
  type Renewal,
  type Scope,
  type ServiceScope,
  type Session,
  type SessionOptions,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
  type WatchOptions,
  type WriteResult,
} from './registry.js';
export { type RegistryDeps, type RegistrySource } from './registry-source.js';
export { SessionGoneError } from './session-gone.error.js';
