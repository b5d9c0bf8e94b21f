import { type Clock } from '../../kernel/clock.js';
import { abortReason } from '../../kernel/deadline.js';
import { expected } from '../../kernel/expected.js';
import { Bell } from '../bell.js';
import { checkScope } from '../check-item.js';
import { Closing } from '../closing.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  SIGN_OF_LIFE,
  type WatchBatch,
} from '../registry.js';
import { refuseDatacenter } from '../scope.js';
import { MemorySession } from './session.js';
import { type MemoryStore } from './store.js';

/** A connection to a {@link MemoryStore}. */
export class MemoryRegistry implements Registry {
  readonly driver = 'memory';
  private readonly closing: Closing;

  constructor(
    readonly url: string,
    private readonly store: MemoryStore,
    private readonly clock: Clock,
  ) {
    this.closing = new Closing(`The registry ${url}`);
  }

  async openSession({ ttl }: SessionOptions, signal: AbortSignal): Promise<Session> {
    await this.begin(signal);
    if (!(ttl > 0 && ttl < Infinity)) throw expected('ttl', 'a number of seconds above 0', ttl);
    return new MemorySession(this.url, this.store, this.store.grant(ttl, this.clock, this));
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
    const tracked = this.closing.track(signal);
    const bell = new Bell();
    const unsubscribe = this.store.subscribe(bell);
    try {
      yield* this.follow(scope, cursor, bell, tracked.signal);
    } finally {
      unsubscribe();
      tracked.done();
    }
  }

  /** Ends what is still open. Sessions nobody ended go as if their holder had died: no one is left to renew them. */
  async close(): Promise<void> {
    this.closing.close();
    this.store.disconnect(this);
    await Promise.resolve();
  }

  private async *follow(
    scope: Scope,
    from: Cursor,
    bell: Bell,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    let cursor = from;
    let due = this.clock.now() + SIGN_OF_LIFE / 2;
    while (!signal.aborted) {
      const news = this.store.changes(scope, cursor);
      if (!news) {
        yield { kind: 'reset', reason: `the history since ${cursor} is no longer kept` };
        return;
      }
      cursor = news.cursor;
      if (news.changes.length > 0 || this.clock.now() >= due) {
        yield { kind: 'changes', ...news };
        due = this.clock.now() + SIGN_OF_LIFE / 2;
      }
      await bell.wait(this.clock, due - this.clock.now(), signal);
    }
  }

  private async begin(signal: AbortSignal): Promise<void> {
    this.closing.check();
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
  }
}
