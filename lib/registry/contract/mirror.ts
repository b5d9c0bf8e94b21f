import assert from 'node:assert/strict';
import { type Slot, slotId, slotLabel, slotOf } from '../item.js';
import { type Change, type Entry, type Listing, type Registry, type Scope } from '../registry.js';
import { inScope } from '../scope.js';

/**
 * What a reader of a scope believes who lists once and then only listens. Everything it is told is checked: it lies
 * in the scope, it is new, and a slot that goes was there.
 */
export class Mirror {
  /** What is there now. */
  readonly entries = new Map<string, Entry>();
  /** Slots whose content cannot be understood. */
  readonly malformed = new Set<string>();
  /** Every entry that appeared or changed, in the order it was told. */
  readonly seen: Entry[] = [];
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

  get(slot: Slot): Entry | undefined {
    return this.entries.get(slotId(slot));
  }

  has(slot: Slot): boolean {
    return this.entries.has(slotId(slot));
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
      const id = this.locate(slotOf(entry.item));
      assert.ok(!this.entries.has(id), `a list names ${id} once`);
      this.entries.set(id, entry);
      if (before.get(id)?.version !== entry.version) this.seen.push(entry);
    }
    for (const { slot } of listing.malformed) this.malformed.add(this.locate(slot));
    const expired = listing.expired && new Set(listing.expired.map(slotId));
    for (const [id, entry] of before) {
      if (this.entries.has(id) || this.malformed.has(id)) continue;
      const slot = slotOf(entry.item);
      const cause = expired ? (expired.has(slotId(slot)) ? 'expired' : 'withdrawn') : 'unknown';
      this.deletes.push({ kind: 'delete', slot, cause });
    }
  }

  private apply(change: Change): void {
    switch (change.kind) {
      case 'put': {
        const slot = slotOf(change.entry.item);
        const id = this.locate(slot);
        assert.notEqual(
          this.entries.get(id)?.version,
          change.entry.version,
          `${slotLabel(slot)} was told twice`,
        );
        this.entries.set(id, change.entry);
        this.malformed.delete(id);
        this.seen.push(change.entry);
        break;
      }
      case 'delete': {
        const id = this.locate(change.slot);
        const known = this.entries.delete(id);
        assert.ok(
          this.malformed.delete(id) || known,
          `${slotLabel(change.slot)} went without having been there`,
        );
        this.deletes.push(change);
        break;
      }
      case 'malformed':
        this.malformed.add(this.locate(change.malformed.slot));
    }
  }

  private locate(slot: Slot): string {
    assert.ok(inScope(this.scope, slot), `${slotLabel(slot)} lies outside what is watched`);
    return slotId(slot);
  }
}
