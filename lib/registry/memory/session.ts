import { abortReason } from '../../kernel/deadline.js';
import { checkItem, checkScope } from '../check-item.js';
import { type Item, type Slot, slotId, slotOf } from '../item.js';
import { type Renewal, type Session, type Written } from '../registry.js';
import { SessionGoneError } from '../session-gone.error.js';
import { type Lease } from './lease.js';
import { type MemoryStore } from './store.js';

/** A lease of a {@link MemoryStore} as the port shows it. */
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
    this.check();
    this.lease.renew();
    const missing = [...this.lease.held.values()].filter((slot) => !this.store.has(slot));
    return { ttl: this.lease.ttl, missing };
  }

  async write(item: Item, version: string | undefined, signal: AbortSignal): Promise<Written> {
    checkItem(item);
    await this.begin(signal);
    this.check();
    const current = this.store.entry(slotOf(item));
    if (current?.version !== version) return { ok: false, current };
    return { ok: true, version: this.store.put(item, this.lease).version };
  }

  async remove(slot: Slot, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(slot);
    await this.begin(signal);
    const current = this.store.entry(slot);
    if (version !== undefined && current && current.version !== version) return;
    this.lease.held.delete(slotId(slot));
    if (current?.owner === this.id) this.store.remove(slot);
  }

  async end(signal: AbortSignal): Promise<void> {
    await this.begin(signal);
    this.store.endLease(this.lease, 'withdrawn');
  }

  private async begin(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
  }

  private check(): void {
    if (!this.store.alive(this.lease)) throw new SessionGoneError(this.url, this.id);
  }
}
