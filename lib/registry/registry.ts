import { type EntryRecord, type EntryKey } from './entry-record.js';
import { type ExaminedRights, type Finding, type RegistryMember } from './inspection.js';

/** All instances of one service. */
export interface ServiceScope {
  readonly kind: 'service';
  readonly service: string;
  /** A Consul datacenter. The other drivers reject it with a `RegistryRefusedError`. */
  readonly dc?: string;
}

/** What a caller lists or watches: all instances of a service, or one entry key. */
export type Scope = ServiceScope | EntryKey;

/** The content of one entry key. */
export interface RegistryEntry {
  readonly record: EntryRecord;
  /** Changes with every write of the entry key. Opaque: callers compare it for equality only. */
  readonly version: string;
  /** The `id` of the session that keeps the entry alive. Undefined without one, as for an entry written by hand. */
  readonly owner: string | undefined;
  /**
   * A decimal integer that the registry assigned when the entry was created. Later writes do not change it, and it is
   * higher than that of every earlier entry of the same entry key, as long as the registry keeps its history. Set by
   * drivers with {@link Registry.discard} for the keys of a `KeySpace`, undefined for all others.
   */
  readonly createRevision?: string;
}

/**
 * An entry that the driver cannot parse. Readers keep the last good value of its entry key, and the driver returns the
 * other entries of the scope as usual.
 */
export interface MalformedEntry {
  readonly entryKey: EntryKey;
  /** One sentence: what the driver expected and what it got. */
  readonly reason: string;
}

/** A position in the registry's history. Only the driver that made it can interpret it. */
export type Cursor = string;

/** The complete content of a scope at one moment. */
export interface Listing {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
  /** Where a watch must start to continue this listing without a gap. */
  readonly cursor: Cursor;
  /**
   * Entry keys that are still stored although their session has expired. A driver that sets this array, even an empty
   * one, thereby reports every other missing entry as withdrawn. A driver that cannot know the cause leaves it out.
   */
  readonly expired?: readonly EntryKey[];
}

/** One change within a scope. Changes arrive in the registry's order. */
export type Change =
  | { readonly kind: 'put'; readonly entry: RegistryEntry }
  | {
      readonly kind: 'delete';
      readonly entryKey: EntryKey;
      /** `expired`: the session's TTL passed. `withdrawn`: the entry was removed. `unknown`: the driver cannot know. */
      readonly cause: 'withdrawn' | 'expired' | 'unknown';
    }
  | { readonly kind: 'malformed'; readonly malformed: MalformedEntry };

/** One element that a watch yields. */
export type WatchBatch =
  /** All changes up to `cursor`. An empty array only shows that the watch is alive. */
  | { readonly kind: 'changes'; readonly changes: readonly Change[]; readonly cursor: Cursor }
  /** The complete content. Drivers whose registry returns full sets use this in place of changes. */
  | { readonly kind: 'listing'; readonly listing: Listing }
  /** The history after the cursor is lost, for example compacted. The watch ends; the caller must list again. */
  | { readonly kind: 'reset'; readonly reason: string };

/** Options of {@link Registry.watch}. */
export interface WatchOptions {
  /**
   * Whether the caller uses the causes of deletions. If not, a driver that must read more of the registry for them reports
   * `unknown`.
   *
   * @default true
   */
  readonly causes?: boolean;
}

/** Options of {@link Registry.openSession}. */
export interface SessionOptions {
  /** Seconds for which an entry outlives its last renewal. The server may grant more; see {@link Session.ttl}. */
  readonly ttl: number;
  /** A name of the holder for operators. Drivers store it where the registry has a field for it. */
  readonly name?: string;
  /**
   * Whether the session outlives the connection. The caller never renews or ends it: its entries expire `ttl` seconds
   * after it was opened.
   *
   * @default false
   */
  readonly detached?: boolean;
}

/** The result of one renewal. */
export interface Renewal {
  /** Seconds that the server granted with this renewal. */
  readonly ttl: number;
  /** Entry keys of this session that the registry no longer holds although the session itself is alive. */
  readonly missing: readonly EntryKey[];
}

/** A change of an entry that a session has written, see {@link Session.watch}. */
export interface EntryChange {
  readonly entryKey: EntryKey;
  /** The version of the entry now, as in {@link RegistryEntry}; undefined if there is no entry. */
  readonly version: string | undefined;
}

/** The result of a guarded write. */
export type WriteResult =
  | {
      readonly ok: true;
      readonly version: string;
      /** Where a watch of this entry key must start to continue after this write. Undefined if the driver cannot know. */
      readonly cursor?: Cursor;
      /** Set when this write created the entry; see {@link RegistryEntry.createRevision}. */
      readonly createRevision?: string;
    }
  /** The entry key does not have the expected version. `current` is its entry now, or undefined if it is empty. */
  | { readonly ok: false; readonly current: RegistryEntry | undefined };

/**
 * Keeps entries alive: a lease in etcd, a session or TTL checks in Consul. One session holds any number of entries.
 *
 * Each method makes one attempt, within which a driver may try several endpoints, and leaves retries to the caller. It
 * rejects with the signal's reason when `signal` is aborted.
 */
export interface Session {
  /** The value of `RegistryEntry.owner` for entries of this session. */
  readonly id: string;
  /** Seconds that the server granted. */
  readonly ttl: number;
  /**
   * Milliseconds that one renewal should get at least. Drivers whose user has configured a timeout set this. The caller
   * grants at most a third of the TTL.
   */
  readonly renewTimeoutMs?: number;
  /**
   * Milliseconds that one write, removal or read of an entry may take. A driver that sends several requests for one, or lets
   * requests wait for each other, sets a higher value. It then has a deadline for each request, so that it fails as soon as the registry does
   * not answer.
   *
   * @default 2000
   */
  readonly writeTimeoutMs?: number;

  /**
   * Renews all entries of the session. A repeated renewal is always safe.
   *
   * @param patient true when the TTL has already passed. The driver should then wait for a slow endpoint instead of
   *   switching to another one. Defaults to false.
   * @throws SessionGoneError when the registry no longer knows the session; all its entries are removed
   * @throws RegistryUnavailableError when no endpoint can be reached
   */
  renew(signal: AbortSignal, patient?: boolean): Promise<Renewal>;

  /**
   * Writes `record` and binds it to this session if its entry key still has `version`. With `undefined`, the entry key
   * must be empty or malformed.
   *
   * A write may time out at the caller and still arrive at the registry later. The driver must make sure that such a
   * write either fails its guard or expires with the session.
   *
   * @throws SessionGoneError when the registry no longer knows the session
   * @throws InvalidOptionError when a name or value is invalid; see `checkRecord`
   * @throws RegistryUnavailableError when no endpoint can be reached
   */
  write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult>;

  /**
   * Removes the entry of `entryKey` if this session owns it. Does nothing if the entry key is empty or another session
   * owns it.
   *
   * @param version removes the entry only while it has this version, so that a removal that arrives late does not delete
   *   a newer entry. Without it, any version of this session's entry is removed.
   */
  remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void>;

  /**
   * Watches all entries that this session has written or will write, with as few watches as the driver can. Yields which of
   * them changed, in the registry's order; changes that this session made itself may be among them. Misses none, also
   * when it is called again after an error.
   *
   * - Throws when the registry stops responding.
   * - Returns without an error when `signal` is aborted or the session ends.
   * - While the watch is down, {@link Session.renew} reports missing entries.
   *
   * A session without this method has each of its entries watched by {@link Registry.watch}.
   *
   * @throws RegistryRefusedError when the server denies the permission to read an entry
   */
  watch?(signal: AbortSignal): AsyncIterable<readonly EntryChange[]>;

  /** Ends the session and removes all its entries before it resolves. A second call does nothing. */
  end(signal: AbortSignal): Promise<void>;
}

/**
 * One connection to a registry: the port that every driver implements. Registration and discovery use a registry only
 * through this interface. `describeRegistryContract` of `nestjs-sidekick/testing` tests an implementation.
 */
export interface Registry {
  /** `memory`, `file`, `fixed`, `etcd`, `consul`, `dns`, or the name of a custom driver. */
  readonly driver: string;
  /** The location for messages, without secrets. */
  readonly url: string;
  /**
   * Milliseconds that one {@link Registry.list} may take. A driver that reads a listing in several requests, each with
   * its own deadline, sets a higher value, so that a long listing over a slow link is not aborted while it arrives.
   *
   * @default 5000
   */
  readonly listTimeoutMs?: number;
  /**
   * Whether the driver can report if an entry was withdrawn or has expired. The option `expiryGuard` is refused on a
   * registry that cannot, since it would retain every instance that was stopped cleanly.
   *
   * @default true
   */
  readonly reportsCauses?: boolean;

  /**
   * Opens a session of at least `options.ttl` seconds.
   *
   * @throws RegistryUnavailableError with the error of each endpoint
   * @throws RegistryRefusedError when the driver is read-only or the server denies permission
   * @throws ClosedError after {@link Registry.close}
   */
  openSession(options: SessionOptions, signal: AbortSignal): Promise<Session>;

  /**
   * Reads the complete current content of `scope`, by a linearizable read where the registry has one. The driver returns
   * an empty listing only if the registry itself reports that the scope is empty, and throws on every error.
   *
   * @throws RegistryUnavailableError with the error of each endpoint
   * @throws RegistryRefusedError when the server denies permission
   * @throws ClosedError after {@link Registry.close}
   */
  list(scope: Scope, signal: AbortSignal): Promise<Listing>;

  /**
   * Yields the changes in `scope` after `cursor`, without gaps or duplicates.
   *
   * - Yields at least every {@link SIGN_OF_LIFE_MS} milliseconds, an empty batch if nothing has changed.
   * - Throws when the registry stops responding.
   * - Ends after a `reset`.
   * - Returns without an error when `signal` is aborted or the registry is closed.
   *
   * @throws ClosedError when it is called after {@link Registry.close}
   */
  watch(scope: Scope, cursor: Cursor, signal: AbortSignal, options?: WatchOptions): AsyncIterable<WatchBatch>;

  /**
   * Removes the entry of `entryKey` if it still has `version`, no matter which session owns it. Elections and locks need
   * it, and refuse a driver without it.
   *
   * @returns whether this call removed the entry
   * @throws RegistryUnavailableError with the error of each endpoint
   * @throws RegistryRefusedError when the server denies permission
   */
  discard?(entryKey: EntryKey, version: string, signal: AbortSignal): Promise<boolean>;

  /**
   * Returns the host by which other machines reach this registry if it is not one of those in `url`. A Consul agent, for
   * example, is contacted on loopback and advertises another address. Without this method, the hosts in `url` are used.
   */
  advertisedAddress?(signal: AbortSignal): Promise<string | undefined>;

  /**
   * Returns the names of the services that are registered, sorted. For people and tools: discovery does not use it.
   * Drivers whose registry cannot enumerate omit it.
   *
   * @throws RegistryUnavailableError, RegistryRefusedError and ClosedError as {@link Registry.list}
   */
  services?(signal: AbortSignal): Promise<readonly string[]>;

  /**
   * Returns the names of the plain keys that begin with `prefix`, sorted; all of them with an empty prefix. Drivers whose
   * registry holds no keys omit it.
   *
   * @throws RegistryUnavailableError, RegistryRefusedError and ClosedError as {@link Registry.list}
   */
  keys?(prefix: string, signal: AbortSignal): Promise<readonly string[]>;

  /**
   * Returns the servers of the registry. Drivers of a registry without servers omit it.
   *
   * @throws RegistryUnavailableError, RegistryRefusedError and ClosedError as {@link Registry.list}
   */
  members?(signal: AbortSignal): Promise<readonly RegistryMember[]>;

  /**
   * Checks what an operator would check by hand: versions, clocks, rights, limits. Changes nothing in the registry. A check
   * that fails is a finding, never a rejection; only `signal` and {@link Registry.close} reject.
   */
  examine?(rights: ExaminedRights, signal: AbortSignal): Promise<readonly Finding[]>;

  /** Ends all watches, sockets and timers. Callers end their sessions before. A second call does nothing. */
  close(): Promise<void>;
}

/** The longest time between two batches of a watch, in milliseconds. A watch yields an empty batch to meet it. */
export const SIGN_OF_LIFE_MS = 5_000;
