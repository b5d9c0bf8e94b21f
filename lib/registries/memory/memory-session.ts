import { abortReason } from '../../common/async/abort.js';
import { type Clock } from '../../common/clock.js';
import { checkRecord, checkScope } from '../../registry/check-record.js';
import { type EntryRecord, type EntryKey, entryKeyId, entryKeyOf } from '../../registry/entry-record.js';
import {
  type EntryChange,
  type Renewal,
  type Session,
  SIGN_OF_LIFE_MS,
  type WriteResult,
} from '../../registry/registry.js';
import { Notifier } from '../../registry/notifier.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { type Lease } from './lease.js';
import { type MemoryStore } from './memory-store.js';

/** Implements the port's session on a lease of a {@link MemoryStore}. */
export class MemorySession implements Session {
  /** Each entry key that this session has written and not removed, even if another session owns it now. */
  private readonly own = new Map<string, EntryKey>();

  constructor(
    private readonly url: string,
    private readonly store: MemoryStore,
    private readonly lease: Lease,
    private readonly clock: Clock,
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
    const entryKey = entryKeyOf(record);
    this.own.set(entryKeyId(entryKey), entryKey);
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
    this.own.delete(entryKeyId(entryKey));
    if (current?.owner === this.id) this.store.remove(entryKey);
  }

  async end(signal: AbortSignal): Promise<void> {
    await this.begin(signal);
    this.store.endLease(this.lease, 'withdrawn');
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly EntryChange[], void, void> {
    const notifier = new Notifier();
    const unsubscribe = this.store.subscribe(notifier);
    const current = [...this.own.values()];
    let { revision } = this.store;
    try {
      yield current.map((entryKey) => ({ entryKey, version: this.store.entry(entryKey)?.version }));
      while (!isAborted(signal) && this.store.alive(this.lease)) {
        const ids = this.store.changedSince(revision);
        revision = this.store.revision;
        const changed = ids ? [...ids].flatMap((id) => this.own.get(id) ?? []) : [...this.own.values()];
        yield changed.map((entryKey) => ({ entryKey, version: this.store.entry(entryKey)?.version }));
        await notifier.wait(this.clock, SIGN_OF_LIFE_MS / 2, signal);
      }
    } finally {
      unsubscribe();
    }
  }

  private async begin(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
  }

  private assertAlive(): void {
    if (!this.store.alive(this.lease)) throw new SessionGoneError(this.url, this.id);
  }
}

/** Reads the signal's state again, where TypeScript assumes that it has not changed. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
