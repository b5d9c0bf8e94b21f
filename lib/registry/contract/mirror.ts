import assert from 'node:assert/strict';
import { type EntryKey, entryKeyId, entryKeyLabel, entryKeyOf } from '../entry-record.js';
import { type Change, type RegistryEntry, type Listing, type Registry, type Scope } from '../registry.js';
import { inScope } from '../scope.js';

/**
 * What a reader of a scope believes who lists once and then only listens. Everything it is told is checked: it lies
 * in the scope, it is new, and an entry key that goes was there.
 */
export class Mirror {
  /** What is there now. */
  readonly entries = new Map<string, RegistryEntry>();
  /** Slots whose content cannot be understood. */
  readonly malformed = new Set<string>();
  /** Every entry that appeared or changed, in the order it was told. */
  readonly seen: RegistryEntry[] = [];
  readonly deletes: Extract<Change, { kind: 'delete' }>[] = [];
  batches = 0;
  resets = 0;

  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  private constructor(
    private readonly registry: Registry,
    private readonly scope: Scope,
    first: Listing,
  ) {
    this.replace(first);
    this.running = this.run(first);
    // Looked at in `stop`; until then a failure is no unhandled rejection.
    this.running.catch(() => undefined);
  }

  static async start(registry: Registry, scope: Scope): Promise<Mirror> {
    return new Mirror(registry, scope, await registry.list(scope, new AbortController().signal));
  }

  get(entryKey: EntryKey): RegistryEntry | undefined {
    return this.entries.get(entryKeyId(entryKey));
  }

  has(entryKey: EntryKey): boolean {
    return this.entries.has(entryKeyId(entryKey));
  }

  /** Ends the watch, and throws what went wrong in it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(first: Listing): Promise<void> {
    const { signal } = this.stopping;
    let { cursor } = first;
    while (!signal.aborted) {
      let reset = false;
      for await (const batch of this.registry.watch(this.scope, cursor, signal)) {
        assert.ok(!reset, 'a watch ends after a reset');
        this.batches += 1;
        if (batch.kind === 'reset') reset = true;
        else if (batch.kind === 'listing') this.replace(batch.listing);
        else for (const change of batch.changes) this.apply(change);
      }
      if (!reset) break;
      this.resets += 1;
      const listing = await this.registry.list(this.scope, signal);
      this.replace(listing);
      cursor = listing.cursor;
    }
    assert.ok(signal.aborted, 'a watch ends only when it is told to');
  }

  private replace(listing: Listing): void {
    const before = new Map(this.entries);
    this.entries.clear();
    this.malformed.clear();
    for (const entry of listing.entries) {
      const id = this.locate(entryKeyOf(entry.record));
      assert.ok(!this.entries.has(id), `a list names ${id} once`);
      this.entries.set(id, entry);
      if (before.get(id)?.version !== entry.version) this.seen.push(entry);
    }
    for (const { entryKey } of listing.malformed) this.malformed.add(this.locate(entryKey));
    const expired = listing.expired && new Set(listing.expired.map(entryKeyId));
    for (const [id, entry] of before) {
      if (this.entries.has(id) || this.malformed.has(id)) continue;
      const entryKey = entryKeyOf(entry.record);
      const cause = expired ? (expired.has(entryKeyId(entryKey)) ? 'expired' : 'withdrawn') : 'unknown';
      this.deletes.push({ kind: 'delete', entryKey, cause });
    }
  }

  private apply(change: Change): void {
    switch (change.kind) {
      case 'put': {
        const entryKey = entryKeyOf(change.entry.record);
        const id = this.locate(entryKey);
        assert.notEqual(
          this.entries.get(id)?.version,
          change.entry.version,
          `${entryKeyLabel(entryKey)} was told twice`,
        );
        this.entries.set(id, change.entry);
        this.malformed.delete(id);
        this.seen.push(change.entry);
        break;
      }
      case 'delete': {
        const id = this.locate(change.entryKey);
        const known = this.entries.delete(id);
        assert.ok(
          this.malformed.delete(id) || known,
          `${entryKeyLabel(change.entryKey)} went without having been there`,
        );
        this.deletes.push(change);
        break;
      }
      case 'malformed':
        this.malformed.add(this.locate(change.malformed.entryKey));
    }
  }

  private locate(entryKey: EntryKey): string {
    assert.ok(inScope(this.scope, entryKey), `${entryKeyLabel(entryKey)} lies outside what is watched`);
    return entryKeyId(entryKey);
  }
}
