import { type Clock } from '../../common/clock.js';
import { type Notifier } from '../../registry/notifier.js';
import { completeInstance } from '../../registry/instance.js';
import {
  type EntryRecord,
  type EntryKey,
  entryKeyId,
  entryKeyOf,
  isReserved,
} from '../../registry/entry-record.js';
import {
  type Change,
  type Cursor,
  type RegistryEntry,
  type Listing,
  type MalformedEntry,
  type Scope,
} from '../../registry/registry.js';
import { inScope } from '../../registry/scope.js';
import { History } from './history.js';
import { Lease } from './lease.js';

/** The content of one entry key. */
type Content =
  | { readonly kind: 'entry'; readonly entryKey: EntryKey; readonly entry: RegistryEntry }
  | { readonly kind: 'malformed'; readonly entryKey: EntryKey; readonly malformed: MalformedEntry };

/** The default number of changes that a store retains. */
export const DEFAULT_HISTORY_SIZE = 16_384;

/**
 * The content of a memory registry, shared by all its connections. All methods take effect immediately. Some exist for
 * tests only and simulate operators and failures: `put` without a lease, `remove`, `corrupt`, `revoke`, `compact`, `wipe`.
 */
export class MemoryStore {
  private readonly contents = new Map<string, Content>();
  private readonly leases = new Map<string, Lease>();
  private readonly notifiers = new Set<Notifier>();
  private readonly history: History;
  private granted = 0;

  /** @param history the number of changes that the store retains at least */
  constructor(history = DEFAULT_HISTORY_SIZE) {
    this.history = new History(history);
  }

  /** Increases by one with every change. */
  get revision(): number {
    return this.history.revision;
  }

  /** The number of open sessions. */
  get sessions(): number {
    return this.leases.size;
  }

  /** Grants a lease of `ttl` seconds to `connection`. `clock` measures the TTL. */
  grant(ttl: number, clock: Clock, connection: object): Lease {
    this.granted += 1;
    const expire = (overdue: Lease): void => this.endLease(overdue, 'expired');
    const lease = new Lease(String(this.granted), ttl, clock, connection, expire);
    this.leases.set(lease.id, lease);
    return lease;
  }

  /** Whether `lease` is alive. Ends a lease whose TTL has passed. */
  alive(lease: Lease): boolean {
    if (lease.overdue) this.endLease(lease, 'expired');
    return this.leases.get(lease.id) === lease;
  }

  /** Ends `lease` and removes all its entries. */
  endLease(lease: Lease, cause: 'withdrawn' | 'expired'): void {
    lease.stop();
    if (!this.leases.delete(lease.id)) return;
    for (const entryKey of lease.entryKeys.values())
      if (this.entry(entryKey)?.owner === lease.id) this.remove(entryKey, cause);
  }

  /** Expires the leases that `connection` has not ended, as if its process had died. */
  disconnect(connection: object): void {
    for (const lease of [...this.leases.values()])
      if (lease.connection === connection) this.endLease(lease, 'expired');
  }

  /** Revokes a session, as an operator would. The next renewal rejects with a `SessionGoneError`. */
  revoke(session: string): void {
    const lease = this.leases.get(session);
    if (lease) this.endLease(lease, 'withdrawn');
  }

  /** Returns the entry of `entryKey`. Undefined if the key is empty or malformed. */
  entry(entryKey: EntryKey): RegistryEntry | undefined {
    const content = this.contents.get(entryKeyId(entryKey));
    return content?.kind === 'entry' ? content.entry : undefined;
  }

  /** Whether `entryKey` has an entry, malformed or not. */
  has(entryKey: EntryKey): boolean {
    return this.contents.has(entryKeyId(entryKey));
  }

  /** Writes without a guard. Without a lease, the entry has no owner, like one written by hand. */
  put(record: EntryRecord, lease?: Lease): RegistryEntry {
    const entryKey = entryKeyOf(record);
    const id = entryKeyId(entryKey);
    this.release(entryKey);
    const version = String(this.revision + 1);
    const created = isReserved(entryKey) ? (this.entry(entryKey)?.createRevision ?? version) : undefined;
    const entry: RegistryEntry = Object.freeze({
      record: frozen(record),
      version,
      owner: lease?.id,
      ...(created === undefined ? {} : { createRevision: created }),
    });
    this.contents.set(id, { kind: 'entry', entryKey, entry });
    lease?.entryKeys.set(id, entryKey);
    this.record({ kind: 'put', entry });
    return entry;
  }

  /** Removes the entry of `entryKey`. The next renewal of its session reports it as missing. */
  remove(entryKey: EntryKey, cause: 'withdrawn' | 'expired' | 'unknown' = 'withdrawn'): void {
    if (this.contents.delete(entryKeyId(entryKey))) this.record({ kind: 'delete', entryKey, cause });
  }

  /** Makes the entry of `entryKey` malformed. */
  corrupt(entryKey: EntryKey, reason: string): void {
    this.release(entryKey);
    const malformed: MalformedEntry = Object.freeze({ entryKey, reason });
    this.contents.set(entryKeyId(entryKey), { kind: 'malformed', entryKey, malformed });
    this.record({ kind: 'malformed', malformed });
  }

  /** Compacts the history. Watches from an older cursor are reset. */
  compact(): void {
    this.history.compact();
  }

  /** Removes all entries and sessions, as if the registry had lost its disk. */
  wipe(): void {
    for (const lease of this.leases.values()) lease.stop();
    this.leases.clear();
    for (const { entryKey } of [...this.contents.values()]) this.remove(entryKey, 'unknown');
    this.history.compact();
  }

  /** Returns the content of `scope` at the current revision. */
  list(scope: Scope): Listing {
    this.expireOverdue();
    const entries: RegistryEntry[] = [];
    const malformed: MalformedEntry[] = [];
    for (const content of this.within(scope))
      if (content.kind === 'entry') entries.push(content.entry);
      else malformed.push(content.malformed);
    return Object.freeze({ entries, malformed, cursor: String(this.revision) });
  }

  /** Returns the names of the services with an instance. */
  services(): readonly string[] {
    const names = new Set<string>();
    for (const { entryKey } of this.content()) if (entryKey.kind === 'instance') names.add(entryKey.service);
    return [...names].sort();
  }

  /** Returns the plain keys that begin with `prefix`. */
  keys(prefix: string): readonly string[] {
    const keys: string[] = [];
    for (const { entryKey } of this.content())
      if (entryKey.kind === 'key' && entryKey.key.startsWith(prefix)) keys.push(entryKey.key);
    return keys.sort();
  }

  /** Returns the changes in `scope` after `cursor`. Undefined if they are compacted. */
  changes(
    scope: Scope,
    cursor: Cursor,
  ): { readonly changes: readonly Change[]; readonly cursor: Cursor } | undefined {
    const changes = this.history.after(cursor);
    return (
      changes && {
        changes: changes.filter((change) => inScope(scope, entryKeyOfChange(change))),
        cursor: String(this.revision),
      }
    );
  }

  /** Returns the ids of the entry keys that changed after `revision`. Undefined if the changes are compacted. */
  changedSince(revision: number): ReadonlySet<string> | undefined {
    const changes = this.history.after(String(revision));
    return changes && new Set(changes.map((change) => entryKeyId(entryKeyOfChange(change))));
  }

  /** Notifies `notifier` of every change. Returns a function that ends this. */
  subscribe(notifier: Notifier): () => void {
    this.notifiers.add(notifier);
    return () => void this.notifiers.delete(notifier);
  }

  private content(): Iterable<Content> {
    this.expireOverdue();
    return this.contents.values();
  }

  private expireOverdue(): void {
    for (const lease of this.leases.values()) this.alive(lease);
  }

  private *within(scope: Scope): Iterable<Content> {
    if (scope.kind !== 'service') {
      const content = this.contents.get(entryKeyId(scope));
      if (content) yield content;
      return;
    }
    for (const content of this.contents.values()) if (inScope(scope, content.entryKey)) yield content;
  }

  /** Removes `entryKey` from the lease that owned it, because another writer replaces the entry. */
  private release(entryKey: EntryKey): void {
    const owner = this.entry(entryKey)?.owner;
    if (owner !== undefined) this.leases.get(owner)?.entryKeys.delete(entryKeyId(entryKey));
  }

  private record(change: Change): void {
    this.history.push(Object.freeze(change));
    for (const notifier of this.notifiers) notifier.notify();
  }
}

function entryKeyOfChange(change: Change): EntryKey {
  switch (change.kind) {
    case 'put':
      return entryKeyOf(change.entry.record);
    case 'delete':
      return change.entryKey;
    case 'malformed':
      return change.malformed.entryKey;
  }
}

/** Returns a copy that the writer cannot modify. */
function frozen(record: EntryRecord): EntryRecord {
  return Object.freeze(
    record.kind === 'key' ? { ...record } : { kind: 'instance', instance: completeInstance(record.instance) },
  );
}
