import { type EntryRecord, type EntryKey } from './entry-record.js';

/** All instances of one service. */
export interface ServiceScope {
  readonly kind: 'service';
  readonly service: string;
  /** Consul's datacenter; the other drivers refuse one. */
  readonly dc?: string;
}

/** What is listed and watched: a whole service, or one entry key. */
export type Scope = ServiceScope | EntryKey;

/** What a registry holds in an entry key. */
export interface RegistryEntry {
  readonly record: EntryRecord;
  /** Changes with every write of the entry key; opaque, compared for equality only. */
  readonly version: string;
  /**
   * `id` of the session that keeps the entry alive; undefined when no live session stands behind it, as with an entry
   * written by hand.
   */
  readonly owner: string | undefined;
}

/** An entry that could not be understood. Its entry key keeps its last good value, and the others are served. */
export interface MalformedEntry {
  readonly entryKey: EntryKey;
  /** What was expected and what was found, in one sentence. */
  readonly reason: string;
}

/** A position in the registry's history, meaningful to the driver that made it. */
export type Cursor = string;

/** The complete content of a scope at one moment. */
export interface Listing {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
  /** Where a watch that follows this listing without a gap begins. */
  readonly cursor: Cursor;
  /**
   * Slots whose entry is still to be seen in the registry although what kept it alive has run out. A driver that gives
   * this list, an empty one too, thereby reports that every other entry that went was withdrawn. Left out: the driver
   * cannot tell why an entry went.
   */
  readonly expired?: readonly EntryKey[];
}

/** One change within a scope, in the registry's order. */
export type Change =
  | { readonly kind: 'put'; readonly entry: RegistryEntry }
  /** `expired`: its session ended without a word. `withdrawn`: it was removed. `unknown`: the driver cannot tell. */
  | {
      readonly kind: 'delete';
      readonly entryKey: EntryKey;
      readonly cause: 'withdrawn' | 'expired' | 'unknown';
    }
  | { readonly kind: 'malformed'; readonly malformed: MalformedEntry };

/** What a watch delivers. */
export type WatchBatch =
  /** Everything that happened up to `cursor`. An empty list is a sign of life. */
  | { readonly kind: 'changes'; readonly changes: readonly Change[]; readonly cursor: Cursor }
  /** The complete content once more, from drivers whose registry answers in full sets. */
  | { readonly kind: 'listing'; readonly listing: Listing }
  /** History between the cursor and now is gone: list again and carry on from there. The watch has ended. */
  | { readonly kind: 'reset'; readonly reason: string };

/** How a session is opened. */
export interface SessionOptions {
  /** Seconds an entry outlives its last renewal; the server may grant another number. */
  readonly ttl: number;
  /** Who holds it, for operators: shown where the registry has room for it. */
  readonly name?: string;
}

/** What one renewal brought to light. */
export interface Renewal {
  /** Seconds that were granted this time. */
  readonly ttl: number;
  /** Slots of this session that the registry no longer has, while the session itself goes on. */
  readonly missing: readonly EntryKey[];
}

/** The outcome of a guarded write. */
export type WriteResult =
  | {
      readonly ok: true;
      readonly version: string;
      /** Where a watch of this entry key that follows this write without a gap begins, from drivers that can tell. */
      readonly cursor?: Cursor;
    }
  /** Somebody was there first; `current` is what stands in the slot now. */
  | { readonly ok: false; readonly current: RegistryEntry | undefined };

/**
 * What keeps entries alive: a lease in etcd, a session with its checks in Consul. Many entry keys share one. Methods make
 * one attempt each (the driver may go round its endpoints within `signal`) and leave retrying to the caller.
 */
export interface Session {
  /** As `RegistryEntry.owner` shows it. */
  readonly id: string;
  /** Seconds granted by the server. */
  readonly ttl: number;
  /**
   * Milliseconds that one renewal is given at least, from a driver whose user has set a timeout; at most a third of the
   * TTL is granted.
   */
  readonly renewTimeoutMs?: number;

  /**
   * Renews everything this session holds. Sending it again is always safe.
   *
   * @param patient its TTL has passed: nothing is won by leaving a server early whose answer is only late; false by
   *   default
   * @throws SessionGoneError when the registry no longer knows the session: all its entries are gone
   */
  renew(signal: AbortSignal, patient?: boolean): Promise<Renewal>;

  /**
   * Writes `record`, bound to this session, if its entry key still has `version` (`undefined`: is still empty, or holds
   * what cannot be understood). A write that
   * timed out and lands late fails its guard or dies with the session; it never brings a withdrawn entry back for
   * longer than the session lives.
   *
   * @throws SessionGoneError when the registry no longer knows the session
   */
  write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult>;

  /**
   * Removes what this session holds in `entry key`. An entry of another session is left alone, and nothing to remove is no
   * error.
   *
   * @param version remove the entry only while it has this version, so that a removal which lands late spares what was
   *   written after it; without one, whatever this session holds in the entry key
   */
  remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void>;

  /** Gives the session up: everything it holds is gone when this resolves. A second call does nothing. */
  end(signal: AbortSignal): Promise<void>;
}

/** The port both halves of the library stand on. One a connection; drivers are in the folders beside this file. */
export interface Registry {
  /** `memory`, `file`, `fixed`, `etcd`, `consul`, `dns` or a name of one's own. */
  readonly driver: string;
  /** Where it is, without secrets, for messages. */
  readonly url: string;
  /**
   * Milliseconds that one {@link Registry.list} may take. For drivers that read a list by several requests, each with a
   * deadline of its own: a long list over a slow link is then not cut off while it arrives.
   *
   * @default 5000
   */
  readonly listTimeoutMs?: number;
  /**
   * False where the driver can never report whether an entry was withdrawn or has expired. `expiryGuard` is refused on
   * such a registry, since it would hold every instance that is stopped cleanly.
   *
   * @default true
   */
  readonly reportsCauses?: boolean;

  /**
   * Opens a session of at least `ttl` seconds.
   *
   * @throws RegistryUnavailableError, with each endpoint's error
   * @throws RegistryRefusedError when the driver is read-only or permission is denied
   */
  openSession(options: SessionOptions, signal: AbortSignal): Promise<Session>;

  /**
   * The complete, current content of `scope`: a linearizable read where the registry has one. An empty list is only
   * ever the registry's own answer, never the result of an error.
   */
  list(scope: Scope, signal: AbortSignal): Promise<Listing>;

  /**
   * What happens in `scope` after `cursor`, with no gap and nothing twice. Delivers a batch at least every
   * {@link SIGN_OF_LIFE_MS} ms (an empty one where nothing happened) and throws when its registry has gone silent. Ends
   * after a `reset`, and with an abort of `signal` it returns without an error.
   */
  watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncIterable<WatchBatch>;

  /**
   * The host by which other machines know this registry, where it is not one of those in `url`: a Consul agent is asked
   * on loopback and advertises another address. Without this method the hosts in `url` count.
   */
  advertisedAddress?(signal: AbortSignal): Promise<string | undefined>;

  /** Ends every watch, socket and timer. Sessions are ended by their owners before. A second call does nothing. */
  close(): Promise<void>;
}

/** Milliseconds within which a watch shows that it is alive. */
export const SIGN_OF_LIFE_MS = 5_000;
