import assert from 'node:assert/strict';
import { RegistryUnavailableError } from '../../common/errors/index.js';
import { type EntryKey, entryKeyId, entryKeyLabel, entryKeyOf } from '../entry-record.js';
import {
  type Change,
  type Cursor,
  type RegistryEntry,
  type Listing,
  type Registry,
  type Scope,
} from '../registry.js';
import { inScope } from '../scope.js';

/** Times that the registry may be unavailable to one watch: a busy machine may be too slow for the deadlines of a driver. */
const MAX_FAILURES = 3;

/**
 * The content of a scope as a reader knows it that lists once and then watches. Asserts that each change is within the
 * scope, is not a duplicate, and that a deleted entry key had an entry.
 */
export class Mirror {
  /** The current entries by `entryKeyId`. */
  readonly entries = new Map<string, RegistryEntry>();
  /** The `entryKeyId` of each malformed entry. */
  readonly malformed = new Set<string>();
  /** Every entry that was added or updated, in the order of arrival. */
  readonly seen: RegistryEntry[] = [];
  readonly deletes: Extract<Change, { kind: 'delete' }>[] = [];
  batches = 0;
  resets = 0;

  private cursor: Cursor;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  private constructor(
    private readonly registry: Registry,
    private readonly scope: Scope,
    first: Listing,
  ) {
    this.replace(first);
    this.cursor = first.cursor;
    this.running = this.run();
    // `stop` awaits this promise; until then a failure must not count as an unhandled rejection.
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

  /** Ends the watch. @throws the error with which it failed */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (!(await this.follow(signal))) break;
      } catch (error) {
        // The reader of an application watches again after its cursor, too.
        failures += 1;
        if (!(error instanceof RegistryUnavailableError) || failures > MAX_FAILURES) throw error;
      }
    }
    assert.ok(signal.aborted, 'a watch ends only after a reset or an abort');
  }

  /** Watches until the watch ends. @returns whether it ended by a reset, after which the scope was listed again */
  private async follow(signal: AbortSignal): Promise<boolean> {
    let reset = false;
    for await (const batch of this.registry.watch(this.scope, this.cursor, signal)) {
      assert.ok(!reset, 'a watch ends after a reset');
      this.batches += 1;
      if (batch.kind === 'reset') {
        reset = true;
        continue;
      }
      if (batch.kind === 'listing') this.replace(batch.listing);
      else for (const change of batch.changes) this.apply(change);
      this.cursor = batch.kind === 'listing' ? batch.listing.cursor : batch.cursor;
    }
    if (!reset) return false;
    this.resets += 1;
    const listing = await this.registry.list(this.scope, signal);
    this.replace(listing);
    this.cursor = listing.cursor;
    return true;
  }

  private replace(listing: Listing): void {
    const before = new Map(this.entries);
    this.entries.clear();
    this.malformed.clear();
    for (const entry of listing.entries) {
      const id = this.idInScope(entryKeyOf(entry.record));
      assert.ok(!this.entries.has(id), `a listing contains ${id} once`);
      this.entries.set(id, entry);
      if (before.get(id)?.version !== entry.version) this.seen.push(entry);
    }
    for (const { entryKey } of listing.malformed) this.malformed.add(this.idInScope(entryKey));
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
        const id = this.idInScope(entryKey);
        assert.notEqual(
          this.entries.get(id)?.version,
          change.entry.version,
          `the same version of ${entryKeyLabel(entryKey)} arrived twice`,
        );
        this.entries.set(id, change.entry);
        this.malformed.delete(id);
        this.seen.push(change.entry);
        break;
      }
      case 'delete': {
        const id = this.idInScope(change.entryKey);
        const known = this.entries.delete(id);
        assert.ok(
          this.malformed.delete(id) || known,
          `${entryKeyLabel(change.entryKey)} was deleted without having an entry`,
        );
        this.deletes.push(change);
        break;
      }
      case 'malformed':
        this.malformed.add(this.idInScope(change.malformed.entryKey));
    }
  }

  private idInScope(entryKey: EntryKey): string {
    assert.ok(inScope(this.scope, entryKey), `${entryKeyLabel(entryKey)} is outside the watched scope`);
    return entryKeyId(entryKey);
  }
}
