import { type Clock } from '../../common/clock.js';
import { abortReason } from '../../common/async/abort.js';
import { expected } from '../../common/expected.js';
import { Notifier } from '../../registry/notifier.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { type EntryKey } from '../../registry/entry-record.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
} from '../../registry/registry.js';
import { refuseDatacenter } from '../../registry/scope.js';
import { MemorySession } from './memory-session.js';
import { type MemoryStore } from './memory-store.js';

/** A connection to a {@link MemoryStore}. */
export class MemoryRegistry implements Registry {
  readonly driver = 'memory';
  private readonly lifetime: AbortScope;

  constructor(
    readonly url: string,
    private readonly store: MemoryStore,
    private readonly clock: Clock,
  ) {
    this.lifetime = new AbortScope(`The registry ${url}`);
  }

  async openSession({ ttl, detached = false }: SessionOptions, signal: AbortSignal): Promise<Session> {
    await this.begin(signal);
    if (!(ttl > 0 && ttl < Infinity)) throw expected('ttl', 'a number of seconds above 0', ttl);
    const lease = this.store.grant(ttl, this.clock, detached ? this.store : this);
    if (detached) lease.detach();
    return new MemorySession(this.url, this.store, lease, this.clock);
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    await this.begin(signal);
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    return this.store.list(scope);
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const linked = this.lifetime.link(signal);
    const notifier = new Notifier();
    const unsubscribe = this.store.subscribe(notifier);
    try {
      yield* this.follow(scope, cursor, notifier, linked.signal);
    } finally {
      unsubscribe();
      linked.release();
    }
  }

  async discard(entryKey: EntryKey, version: string, signal: AbortSignal): Promise<boolean> {
    await this.begin(signal);
    checkScope(entryKey);
    if (this.store.entry(entryKey)?.version !== version) return false;
    this.store.remove(entryKey);
    return true;
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    await this.begin(signal);
    return this.store.services();
  }

  async keys(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.begin(signal);
    return this.store.keys(prefix);
  }

  /** Ends all watches. Sessions that are still open expire at once, since no process is left to renew them. */
  async close(): Promise<void> {
    this.lifetime.close();
    this.store.disconnect(this);
    await Promise.resolve();
  }

  private async *follow(
    scope: Scope,
    from: Cursor,
    notifier: Notifier,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    let cursor = from;
    let due = this.clock.now() + SIGN_OF_LIFE_MS / 2;
    while (!signal.aborted) {
      const next = this.store.changes(scope, cursor);
      if (!next) {
        yield { kind: 'reset', reason: `the history since ${cursor} is compacted` };
        return;
      }
      cursor = next.cursor;
      if (next.changes.length > 0 || this.clock.now() >= due) {
        yield { kind: 'changes', ...next };
        due = this.clock.now() + SIGN_OF_LIFE_MS / 2;
      }
      await notifier.wait(this.clock, due - this.clock.now(), signal);
    }
  }

  private async begin(signal: AbortSignal): Promise<void> {
    this.lifetime.assertOpen();
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
  }
}
