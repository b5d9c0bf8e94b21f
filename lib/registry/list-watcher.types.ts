import { type BackoffOptions } from '../common/async/backoff.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type EntriesDiff } from './entry-store.js';
import { type Listing, type Registry, type RegistryEntry, type Scope } from './registry.js';

/** The complete content of a scope, and its difference from the previous update. */
export interface ListUpdate extends EntriesDiff {
  /** Entries by `entryKeyId`. The watcher modifies this map after `onUpdate` returns: copy what you keep. */
  readonly entries: ReadonlyMap<string, RegistryEntry>;
  /**
   * Whether the update is a complete listing. Changes between it and the previous update may then be unknown. Otherwise
   * the changes are without gap.
   */
  readonly listed: boolean;
}

/** How current the content of a {@link ListWatcher} is. */
export interface ListWatchState {
  /** True before the first listing, and from an error until the next complete listing. */
  readonly stale: boolean;
  /** When the content became stale, in milliseconds of the monotonic clock. */
  readonly since?: number;
  /**
   * Why the last attempt failed. Set while stale. If the registry is unreachable, this is the last error of any reader of
   * the connection.
   */
  readonly error?: Error;
  /** When the registry last responded, in milliseconds of the monotonic clock. Undefined before the first listing. */
  readonly lastHeard?: number;
}

/** Options of a {@link ListWatcher}. */
export interface ListWatcherOptions {
  /** The open connection. The watcher does not close it. */
  readonly registry: Registry;
  /** What is listed and watched. */
  readonly scope: Scope;
  /** For backoff and deadlines. */
  readonly clock: Clock;
  /** For the jitter of the backoff. */
  readonly random: Random;
  /** Receives one warning for an outage, and one line for its end. */
  readonly logger: Logger;
  /** Called with the first listing, even an empty one, and then with each content that differs from the previous one. */
  readonly onUpdate: (update: ListUpdate) => void;
  /** Content that is already known, for example from the write that produced it. It replaces the first list request. */
  readonly from?: Listing;
  /**
   * Milliseconds without a batch after which the scope is listed again.
   *
   * @default none: the watch alone keeps the content current
   */
  readonly intervalMs?: number;
  /**
   * Milliseconds that one list request may take.
   *
   * @default `registry.listTimeoutMs`, or 5000
   */
  readonly listTimeoutMs?: number;
  /**
   * Whether `onUpdate` uses the causes of removals. Some drivers need a request for each of them.
   *
   * @default true
   */
  readonly causes?: boolean;
  /** @default 100 ms doubling to 5 s, with jitter */
  readonly backoff?: BackoffOptions;
}
