import { type Clock } from '../../kernel/clock.js';
import { type Bell } from '../bell.js';
import { completeInstance } from '../instance.js';
import { type Item, type Slot, slotId, slotOf } from '../item.js';
import {
  type Change,
  type Cursor,
  type Entry,
  type Listing,
  type Malformed,
  type Scope,
} from '../registry.js';
import { inScope } from '../scope.js';
import { History } from './history.js';
import { Lease } from './lease.js';

/** What one slot holds. */
type Content =
  | { readonly kind: 'entry'; readonly slot: Slot; readonly entry: Entry }
  | { readonly kind: 'malformed'; readonly slot: Slot; readonly malformed: Malformed };

/** Changes kept for watches that come back, unless a store names its own number. */
export const DEFAULT_HISTORY = 16_384;

/**
 * The content behind memory registries: one for all connections that share it. Its methods take effect at once; those
 * beyond what the drivers call (`put` without an owner, `corrupt`, `revoke`, `compact`, `wipe`) let a test do what
 * operators and failures do to a real registry.
 */
export class MemoryStore {
  private readonly contents = new Map<string, Content>();
  private readonly leases = new Map<string, Lease>();
  private readonly bells = new Set<Bell>();
  private readonly history: History;
  private opened = 0;

  /** @param history how many changes are kept at least */
  constructor(history = DEFAULT_HISTORY) {
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
    this.opened += 1;
    const expire = (overdue: Lease): void => this.endLease(overdue, 'expired');
    const lease = new Lease(String(this.opened), ttl, clock, connection, expire);
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
    for (const slot of lease.held.values())
      if (this.entry(slot)?.owner === lease.id) this.remove(slot, cause);
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

  /** The entry in `slot`; undefined where there is none, or one that cannot be understood. */
  entry(slot: Slot): Entry | undefined {
    const content = this.contents.get(slotId(slot));
    return content?.kind === 'entry' ? content.entry : undefined;
  }

  /** Whether `slot` holds anything at all. */
  has(slot: Slot): boolean {
    return this.contents.has(slotId(slot));
  }

  /** Writes unconditionally; without a lease, as somebody would by hand. */
  put(item: Item, lease?: Lease): Entry {
    const slot = slotOf(item);
    const id = slotId(slot);
    this.release(slot);
    const version = String(this.revision + 1);
    const entry: Entry = Object.freeze({ item: frozen(item), version, owner: lease?.id });
    this.contents.set(id, { kind: 'entry', slot, entry });
    lease?.held.set(id, slot);
    this.tell({ kind: 'put', entry });
    return entry;
  }

  /** Removes whatever `slot` holds. Its holder still counts it as its own, and learns that it is missing. */
  remove(slot: Slot, cause: 'withdrawn' | 'expired' | 'unknown' = 'withdrawn'): void {
    if (this.contents.delete(slotId(slot))) this.tell({ kind: 'delete', slot, cause });
  }

  /** Puts something in `slot` that cannot be understood. */
  corrupt(slot: Slot, reason: string): void {
    this.release(slot);
    const malformed: Malformed = Object.freeze({ slot, reason });
    this.contents.set(slotId(slot), { kind: 'malformed', slot, malformed });
    this.tell({ kind: 'malformed', malformed });
  }

  /** Forgets the history up to now: watches from before are reset. */
  compact(): void {
    this.history.compact();
  }

  /** Loses everything, sessions included, as a registry restored from an empty disk. */
  wipe(): void {
    for (const lease of this.leases.values()) lease.stop();
    this.leases.clear();
    for (const { slot } of [...this.contents.values()]) this.remove(slot, 'unknown');
    this.history.compact();
  }

  /** Everything in `scope` at this revision. */
  list(scope: Scope): Listing {
    for (const lease of this.leases.values()) this.alive(lease);
    const entries: Entry[] = [];
    const malformed: Malformed[] = [];
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
        changes: changes.filter((change) => inScope(scope, slotOfChange(change))),
        cursor: String(this.revision),
      }
    );
  }

  /** Rings `bell` after every change, until the returned function is called. */
  subscribe(bell: Bell): () => void {
    this.bells.add(bell);
    return () => void this.bells.delete(bell);
  }

  private *within(scope: Scope): Iterable<Content> {
    if (scope.kind !== 'service') {
      const content = this.contents.get(slotId(scope));
      if (content) yield content;
      return;
    }
    for (const content of this.contents.values()) if (inScope(scope, content.slot)) yield content;
  }

  /** Whoever held `slot` no longer counts it as its own: another has it now. */
  private release(slot: Slot): void {
    const owner = this.entry(slot)?.owner;
    if (owner !== undefined) this.leases.get(owner)?.held.delete(slotId(slot));
  }

  private tell(change: Change): void {
    this.history.push(Object.freeze(change));
    for (const bell of this.bells) bell.ring();
  }
}

function slotOfChange(change: Change): Slot {
  switch (change.kind) {
    case 'put':
      return slotOf(change.entry.item);
    case 'delete':
      return change.slot;
    case 'malformed':
      return change.malformed.slot;
  }
}

/** A copy that its writer cannot change afterwards. */
function frozen(item: Item): Item {
  return Object.freeze(
    item.kind === 'key' ? { ...item } : { kind: 'instance', instance: completeInstance(item.instance) },
  );
}
