import { type Clock } from '../../common/clock.js';
import { type Notifier } from '../../registry/notifier.js';
import { completeInstance } from '../../registry/instance.js';
import { type EntryRecord, type EntryKey, entryKeyId, entryKeyOf } from '../../registry/entry-record.js';
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

/** What one entry key holds. */
type Content =
  | { readonly kind: 'entry'; readonly entryKey: EntryKey; readonly entry: RegistryEntry }
  | { readonly kind: 'malformed'; readonly entryKey: EntryKey; readonly malformed: MalformedEntry };

/** Changes kept for watches that come back, unless a store names its own number. */
export const DEFAULT_HISTORY_SIZE = 16_384;

/**
 * The content behind memory registries: one for all connections that share it. Its methods take effect at once; those
 * beyond what the drivers call (`put` without an owner, `corrupt`, `revoke`, `compact`, `wipe`) let a test do what
 * operators and failures do to a real registry.
 */
export class MemoryStore {
  private readonly contents = new Map<string, Content>();
  private readonly leases = new Map<string, Lease>();
  private readonly notifiers = new Set<Notifier>();
  private readonly history: History;
  private granted = 0;

  /** @param history how many changes are kept at least */
  constructor(history = DEFAULT_HISTORY_SIZE) {
    this.history = new History(history);
  }

  /** Grows by one with every change. */
  get revision(): number {
    return this.history.revision;
  }

  /** How many sessions are alive. */
  get sessions(): number {
    return this.leases.size;
  }

  /** Opens a lease of `ttl` seconds, measured on `clock`, for `connection`. */
  grant(ttl: number, clock: Clock, connection: object): Lease {
    this.granted += 1;
    const expire = (overdue: Lease): void => this.endLease(overdue, 'expired');
    const lease = new Lease(String(this.granted), ttl, clock, connection, expire);
    this.leases.set(lease.id, lease);
    return lease;
  }

  /** Whether `lease` is alive; one whose time is over goes now. */
  alive(lease: Lease): boolean {
    if (lease.overdue) this.endLease(lease, 'expired');
    return this.leases.get(lease.id) === lease;
  }

  /** Ends `lease` and removes everything it holds. */
  endLease(lease: Lease, cause: 'withdrawn' | 'expired'): void {
    lease.stop();
    if (!this.leases.delete(lease.id)) return;
    for (const entryKey of lease.entryKeys.values())
      if (this.entry(entryKey)?.owner === lease.id) this.remove(entryKey, cause);
  }

  /** Ends what `connection` left open, as if its process had died. */
  disconnect(connection: object): void {
    for (const lease of [...this.leases.values()])
      if (lease.connection === connection) this.endLease(lease, 'expired');
  }

  /** Ends a session as an operator would: its holder learns at the next renewal. */
  revoke(session: string): void {
    const lease = this.leases.get(session);
    if (lease) this.endLease(lease, 'withdrawn');
  }

  /** The entry in `entry key`; undefined where there is none, or one that cannot be understood. */
  entry(entryKey: EntryKey): RegistryEntry | undefined {
    const content = this.contents.get(entryKeyId(entryKey));
    return content?.kind === 'entry' ? content.entry : undefined;
  }

  /** Whether `entry key` holds anything at all. */
  has(entryKey: EntryKey): boolean {
    return this.contents.has(entryKeyId(entryKey));
  }

  /** Writes unconditionally; without a lease, as somebody would by hand. */
  put(record: EntryRecord, lease?: Lease): RegistryEntry {
    const entryKey = entryKeyOf(record);
    const id = entryKeyId(entryKey);
    this.release(entryKey);
    const version = String(this.revision + 1);
    const entry: RegistryEntry = Object.freeze({ record: frozen(record), version, owner: lease?.id });
    this.contents.set(id, { kind: 'entry', entryKey, entry });
    lease?.entryKeys.set(id, entryKey);
    this.record({ kind: 'put', entry });
    return entry;
  }

  /** Removes whatever `entry key` holds. Its holder still counts it as its own, and learns that it is missing. */
  remove(entryKey: EntryKey, cause: 'withdrawn' | 'expired' | 'unknown' = 'withdrawn'): void {
    if (this.contents.delete(entryKeyId(entryKey))) this.record({ kind: 'delete', entryKey, cause });
  }

  /** Puts something in `entry key` that cannot be understood. */
  corrupt(entryKey: EntryKey, reason: string): void {
    this.release(entryKey);
    const malformed: MalformedEntry = Object.freeze({ entryKey, reason });
    this.contents.set(entryKeyId(entryKey), { kind: 'malformed', entryKey, malformed });
    this.record({ kind: 'malformed', malformed });
  }

  /** Forgets the history up to now: watches from before are reset. */
  compact(): void {
    this.history.compact();
  }

  /** Loses everything, sessions included, as a registry restored from an empty disk. */
  wipe(): void {
    for (const lease of this.leases.values()) lease.stop();
    this.leases.clear();
    for (const { entryKey } of [...this.contents.values()]) this.remove(entryKey, 'unknown');
    this.history.compact();
  }

  /** Everything in `scope` at this revision. */
  list(scope: Scope): Listing {
    for (const lease of this.leases.values()) this.alive(lease);
    const entries: RegistryEntry[] = [];
    const malformed: MalformedEntry[] = [];
    for (const content of this.within(scope))
      if (content.kind === 'entry') entries.push(content.entry);
      else malformed.push(content.malformed);
    return Object.freeze({ entries, malformed, cursor: String(this.revision) });
  }

  /** What happened in `scope` after `cursor`; undefined where the history does not reach back to it. */
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

  /** Rings `bell` after every change, until the returned function is called. */
  subscribe(bell: Notifier): () => void {
    this.notifiers.add(bell);
    return () => void this.notifiers.delete(bell);
  }

  private *within(scope: Scope): Iterable<Content> {
    if (scope.kind !== 'service') {
      const content = this.contents.get(entryKeyId(scope));
      if (content) yield content;
      return;
    }
    for (const content of this.contents.values()) if (inScope(scope, content.entryKey)) yield content;
  }

  /** Whoever held `entry key` no longer counts it as its own: another has it now. */
  private release(entryKey: EntryKey): void {
    const owner = this.entry(entryKey)?.owner;
    if (owner !== undefined) this.leases.get(owner)?.entryKeys.delete(entryKeyId(entryKey));
  }

  private record(change: Change): void {
    this.history.push(Object.freeze(change));
    for (const bell of this.notifiers) bell.notify();
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

/** A copy that its writer cannot change afterwards. */
function frozen(record: EntryRecord): EntryRecord {
  return Object.freeze(
    record.kind === 'key' ? { ...record } : { kind: 'instance', instance: completeInstance(record.instance) },
  );
}
