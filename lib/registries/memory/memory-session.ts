import { abortReason } from '../../common/async/abort.js';
import { checkRecord, checkScope } from '../../registry/check-record.js';
import { type EntryRecord, type EntryKey, entryKeyId, entryKeyOf } from '../../registry/entry-record.js';
import { type Renewal, type Session, type WriteResult } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { type Lease } from './lease.js';
import { type MemoryStore } from './memory-store.js';

/** Implements the port's session on a lease of a {@link MemoryStore}. */
export class MemorySession implements Session {
  constructor(
    private readonly url: string,
    private readonly store: MemoryStore,
    private readonly lease: Lease,
  ) {}

  get id(): string {
    return this.lease.id;
  }

  get ttl(): number {
    return this.lease.ttl;
  }

  async renew(signal: AbortSignal): Promise<Renewal> {
    await this.begin(signal);
    this.assertAlive();
    this.lease.renew();
    const missing = [...this.lease.entryKeys.values()].filter((entryKey) => !this.store.has(entryKey));
    return { ttl: this.lease.ttl, missing };
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    await this.begin(signal);
    this.assertAlive();
    const current = this.store.entry(entryKeyOf(record));
    if (current?.version !== version) return { ok: false, current };
    const { version: written, createRevision } = this.store.put(record, this.lease);
    return {
      ok: true,
      version: written,
      ...(current || createRevision === undefined ? {} : { createRevision }),
    };
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(entryKey);
    await this.begin(signal);
    const current = this.store.entry(entryKey);
    if (version !== undefined && current && current.version !== version) return;
    this.lease.entryKeys.delete(entryKeyId(entryKey));
    if (current?.owner === this.id) this.store.remove(entryKey);
  }

  async end(signal: AbortSignal): Promise<void> {
    await this.begin(signal);
    this.store.endLease(this.lease, 'withdrawn');
  }

  private async begin(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
  }

  private assertAlive(): void {
    if (!this.store.alive(this.lease)) throw new SessionGoneError(this.url, this.id);
  }
}
