import { InstancePool } from './instance-pool.js';
import { entryKeyId, entryKeyOf } from './entry-record.js';
import { type Change, type RegistryEntry, type Listing, type MalformedEntry } from './registry.js';
import { sameRecord } from './same-record.js';

/** Why an entry was removed. `unknown`: it is missing from a listing, and the driver cannot know why. */
export type RemovalCause = 'withdrawn' | 'expired' | 'unknown';

/** An entry that was removed. */
export interface RemovedEntry {
  /** Its last value. */
  readonly entry: RegistryEntry;
  /** Why it was removed. */
  readonly cause: RemovalCause;
}

/** The difference between two contents of a scope. */
export interface EntriesDiff {
  /** Entries of entry keys that were empty. */
  readonly added: readonly RegistryEntry[];
  /** Entries with new values, as they are now. */
  readonly updated: readonly RegistryEntry[];
  /** Entries that were removed, as they last were. */
  readonly removed: readonly RemovedEntry[];
}

/** Receives the malformed entries that an {@link EntryStore} meets. */
export interface MalformedSink {
  /** @param lastGood the last good value of the entry key, which stays in use */
  warn(malformed: MalformedEntry, lastGood: RegistryEntry | undefined): void;
  /** Called when the entry key is well-formed or empty again. `id` is its `entryKeyId`. */
  forget(id: string): void;
}

type Entries = ReadonlyMap<string, RegistryEntry>;

/**
 * Holds the entries of one scope and computes what each listing or batch of changes modifies. It does no I/O and has no
 * timers. An entry that has not changed stays the same object.
 */
export class EntryStore {
  private entries = new Map<string, RegistryEntry>();
  private readonly pool = new InstancePool();

  constructor(private readonly malformed: MalformedSink) {}

  /** The entries by `entryKeyId`. Not a copy: the next change modifies this map. */
  get current(): Entries {
    return this.entries;
  }

  /** Replaces the content and returns the net difference. A malformed entry key keeps its last good value. */
  replace(listing: Listing): EntriesDiff {
    const before = this.entries;
    const next = new Map<string, RegistryEntry>();
    for (const entry of listing.entries) {
      const id = entryKeyId(entryKeyOf(entry.record));
      const old = before.get(id);
      next.set(id, old && sameEntry(old, entry) ? old : this.shared(entry));
      this.malformed.forget(id);
    }
    for (const malformed of listing.malformed) {
      const id = entryKeyId(malformed.entryKey);
      const good = before.get(id);
      if (good && !next.has(id)) next.set(id, good);
      this.malformed.warn(malformed, good);
    }
    for (const id of before.keys()) if (!next.has(id)) this.malformed.forget(id);
    this.entries = next;
    const expired = listing.expired && new Set(listing.expired.map(entryKeyId));
    const causeOf = (id: string): RemovalCause => (expired?.has(id) === true ? 'expired' : 'withdrawn');
    const touched = new Map<string, RegistryEntry | undefined>(before);
    for (const id of next.keys()) if (!touched.has(id)) touched.set(id, undefined);
    return difference(touched, next, expired ? causeOf : unknownCause);
  }

  /** Applies one batch and returns its net difference. A change that the same batch reverts is not part of it. */
  apply(changes: readonly Change[]): EntriesDiff {
    const before = new Map<string, RegistryEntry | undefined>();
    const causes = new Map<string, RemovalCause>();
    const touch = (id: string): void => {
      if (!before.has(id)) before.set(id, this.entries.get(id));
    };
    for (const change of changes) {
      if (change.kind === 'put') {
        const id = entryKeyId(entryKeyOf(change.entry.record));
        touch(id);
        const old = before.get(id);
        this.entries.set(id, old && sameEntry(old, change.entry) ? old : this.shared(change.entry));
        this.malformed.forget(id);
      } else if (change.kind === 'malformed') {
        this.malformed.warn(change.malformed, this.entries.get(entryKeyId(change.malformed.entryKey)));
      } else {
        const id = entryKeyId(change.entryKey);
        touch(id);
        this.entries.delete(id);
        causes.set(id, change.cause);
        this.malformed.forget(id);
      }
    }
    return difference(before, this.entries, (id) => causes.get(id) ?? 'unknown');
  }

  private shared(entry: RegistryEntry): RegistryEntry {
    if (entry.record.kind === 'key') return entry;
    const instance = this.pool.share(entry.record.instance, this.entries.size);
    return instance === entry.record.instance ? entry : { ...entry, record: { kind: 'instance', instance } };
  }
}

/** Compares records too: a registry that lost its data restarts its versions, so equal versions may differ in content. */
function sameEntry(a: RegistryEntry, b: RegistryEntry): boolean {
  return a.version === b.version && a.owner === b.owner && sameRecord(a.record, b.record);
}

const unknownCause = (): RemovalCause => 'unknown';

/** @param before the previous entry of each entry key that may have changed */
function difference(
  before: ReadonlyMap<string, RegistryEntry | undefined>,
  now: Entries,
  causeOf: (id: string) => RemovalCause,
): EntriesDiff {
  const added: RegistryEntry[] = [];
  const updated: RegistryEntry[] = [];
  const removed: RemovedEntry[] = [];
  for (const [id, old] of before) {
    const entry = now.get(id);
    if (entry === old) continue;
    if (entry) (old ? updated : added).push(entry);
    else if (old) removed.push({ entry: old, cause: causeOf(id) });
  }
  return { added, updated, removed };
}
