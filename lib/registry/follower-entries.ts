import { slotId, slotOf } from './item.js';
import { type Change, type Entry, type Listing, type Malformed } from './registry.js';

/** Why an entry went; `unknown` also where a list simply no longer had it. */
export type RemovalCause = 'withdrawn' | 'expired' | 'unknown';

/** An entry that is gone. */
export interface RemovedEntry {
  /** As it last was. */
  readonly entry: Entry;
  readonly cause: RemovalCause;
}

/** What is different from one set to the next. */
export interface EntriesDiff {
  readonly added: readonly Entry[];
  readonly updated: readonly Entry[];
  readonly removed: readonly RemovedEntry[];
}

/** Told of each malformed entry, and of each slot that is empty again. */
export interface MalformedSink {
  warn(malformed: Malformed): void;
  forget(slot: string): void;
}

/** The entries of one scope as listings and changes make them: pure state, no time and no I/O. */
export class FollowedEntries {
  private entries: ReadonlyMap<string, Entry> = new Map();

  constructor(private readonly malformed: MalformedSink) {}

  /** By `slotId`. A snapshot: a later change makes a new map. */
  get current(): ReadonlyMap<string, Entry> {
    return this.entries;
  }

  /** Takes a complete content; a malformed slot keeps its last good value. Returns the net difference. */
  replace(listing: Listing): EntriesDiff {
    const next = new Map(listing.entries.map((entry) => [slotId(slotOf(entry.item)), entry]));
    for (const malformed of listing.malformed) {
      this.malformed.warn(malformed);
      const id = slotId(malformed.slot);
      const good = this.entries.get(id);
      if (good && !next.has(id)) next.set(id, good);
    }
    return this.move(next, new Map());
  }

  /** Takes one batch as a whole: what it undoes itself is no difference. */
  apply(changes: readonly Change[]): EntriesDiff {
    const next = new Map(this.entries);
    const causes = new Map<string, RemovalCause>();
    for (const change of changes) {
      if (change.kind === 'put') {
        next.set(slotId(slotOf(change.entry.item)), change.entry);
      } else if (change.kind === 'malformed') {
        this.malformed.warn(change.malformed);
      } else {
        const id = slotId(change.slot);
        next.delete(id);
        causes.set(id, change.cause);
        this.malformed.forget(id);
      }
    }
    return this.move(next, causes);
  }

  private move(next: ReadonlyMap<string, Entry>, causes: ReadonlyMap<string, RemovalCause>): EntriesDiff {
    const before = this.entries;
    const added: Entry[] = [];
    const updated: Entry[] = [];
    const removed: RemovedEntry[] = [];
    for (const [id, entry] of next) {
      const old = before.get(id);
      if (!old) added.push(entry);
      else if (old !== entry && old.version !== entry.version) updated.push(entry);
    }
    for (const [id, entry] of before) {
      if (!next.has(id)) removed.push({ entry, cause: causes.get(id) ?? 'unknown' });
    }
    this.entries = next;
    return { added, updated, removed };
  }
}
