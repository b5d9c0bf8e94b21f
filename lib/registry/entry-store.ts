import { InstancePool } from './instance-pool.js';
import { entryKeyId, entryKeyOf } from './entry-record.js';
import { type Change, type RegistryEntry, type Listing, type MalformedEntry } from './registry.js';
import { sameRecord } from './same-record.js';

/** Why an entry went; `unknown` where a list no longer has it and the driver cannot tell why. */
export type RemovalCause = 'withdrawn' | 'expired' | 'unknown';

/** An entry that is gone. */
export interface RemovedEntry {
  /** As it last was. */
  readonly entry: RegistryEntry;
  readonly cause: RemovalCause;
}

/** What is different from one set to the next. */
export interface EntriesDiff {
  readonly added: readonly RegistryEntry[];
  readonly updated: readonly RegistryEntry[];
  readonly removed: readonly RemovedEntry[];
}

/** Called with each malformed entry, and with each entry key that is well-formed or empty again. */
export interface MalformedSink {
  /** @param kept the last good value of the entry key, which stays in use */
  warn(malformed: MalformedEntry, kept: RegistryEntry | undefined): void;
  forget(id: string): void;
}

type Entries = ReadonlyMap<string, RegistryEntry>;

/**
 * The entries of one scope as listings and changes make them: pure state, no time and no I/O. An entry that has not
 * changed stays the same object, however often it is listed.
 */
export class EntryStore {
  private entries = new Map<string, RegistryEntry>();
  private readonly pool = new InstancePool();

  constructor(private readonly malformed: MalformedSink) {}

  /** By `entryKeyId`. The map itself, not a copy: right until the next change. */
  get current(): Entries {
    return this.entries;
  }

  /** Takes a complete content; a malformed entry key keeps its last good value. Returns the net difference. */
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

  /** Takes one batch as a whole: what it undoes itself is no difference. */
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

/** A version alone does not tell: a registry that lost its data counts from the beginning, and comes by it again. */
function sameEntry(a: RegistryEntry, b: RegistryEntry): boolean {
  return a.version === b.version && a.owner === b.owner && sameRecord(a.record, b.record);
}

const unknownCause = (): RemovalCause => 'unknown';

/** @param before what was in each entry key that may have changed */
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
