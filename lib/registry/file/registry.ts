import { randomBytes } from 'node:crypto';
import { abortReason } from '../../kernel/deadline.js';
import { RegistryUnavailableError } from '../../kernel/errors/index.js';
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
import { type Folder } from './folder.js';
import { Follower } from './follower.js';
import { asRegistryError } from './fs-error.js';
import { stemOfSlot } from './layout.js';
import { ensureRoot, recheckRoot } from './root.js';
import { FileSession } from './session.js';
import { type FileStore, listingOf } from './store.js';
import { sweep } from './sweep.js';

/** Milliseconds between two sweeps of one connection at least. */
const SWEEP_EVERY = 60_000;

/** How a {@link FileRegistry} behaves. */
export interface FileRegistryOptions {
  /** Ask the file system to tell of changes, beside looking for them. */
  readonly notify: boolean;
}

/** A registry in a folder, shared by the processes of one machine. */
export class FileRegistry implements Registry {
  readonly driver = 'file';
  private readonly closing: Closing;
  private readonly followers = new Map<Folder, Follower>();
  private swept = -Infinity;
  private checked = false;

  constructor(
    private readonly store: FileStore,
    private readonly options: FileRegistryOptions = { notify: true },
  ) {
    this.closing = new Closing(`The registry ${store.url}`);
  }

  get url(): string {
    return this.store.url;
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const { ttl } = options;
    if (!(ttl > 0 && ttl < Infinity)) throw expected('ttl', 'a number of seconds above 0', ttl);
    return await this.run(signal, async () => {
      await this.check();
      const now = this.store.clock.now();
      if (now - this.swept >= SWEEP_EVERY) {
        this.swept = now;
        await sweep(this.store);
      }
      return await FileSession.open(this.store, randomBytes(10).toString('hex'), options);
    });
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    return await this.run(signal, async () => {
      checkScope(scope);
      refuseDatacenter(this.driver, scope);
      if (this.checked) await recheckRoot(this.store.layout);
      else await this.check();
      return await this.store.list(scope);
    });
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const tracked = this.closing.track(signal);
    const bell = new Bell();
    const folder = this.store.folder(scope);
    const follower = this.followers.get(folder) ?? new Follower(this.store, folder, this.options.notify);
    this.followers.set(folder, follower);
    try {
      yield* this.follow(scope, cursor, follower, bell, tracked.signal);
    } finally {
      tracked.done();
      if (follower.unsubscribe(bell) && this.followers.get(folder) === follower) {
        this.followers.delete(folder);
        await follower.stop();
      }
    }
  }

  async close(): Promise<void> {
    this.closing.close();
    const followers = [...this.followers.values()];
    this.followers.clear();
    await Promise.all(followers.map((follower) => follower.stop()));
  }

  private async *follow(
    scope: Scope,
    from: Cursor,
    follower: Follower,
    bell: Bell,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    const { clock } = this.store;
    const start = clock.now();
    // What others of this connection saw before now may be older than the list this watch goes on from.
    const stem = scope.kind === 'service' ? undefined : stemOfSlot(scope);
    const subscription = follower.subscribe(bell, stem);
    let cursor = from;
    let due = start + SIGN_OF_LIFE / 2;
    while (!signal.aborted) {
      const { sight } = subscription;
      const silence = clock.now() - (sight?.at ?? start);
      if (silence > SIGN_OF_LIFE) throw this.silent(silence);
      if (sight?.found instanceof Error) throw asRegistryError(this.url, sight.found);
      const listing = sight && listingOf(sight.found, scope);
      const news = listing !== undefined && listing.cursor !== cursor;
      const late = clock.now() >= due;
      if (news || late) due = clock.now() + SIGN_OF_LIFE / 2;
      if (news) {
        cursor = listing.cursor;
        yield { kind: 'listing', listing };
      } else if (late && listing) yield { kind: 'changes', changes: [], cursor };
      await bell.wait(clock, Math.max(0, due - clock.now()), signal);
    }
  }

  private async check(): Promise<void> {
    await ensureRoot(this.store.layout);
    this.checked = true;
  }

  private silent(silence: number): Error {
    const error = new Error(`it could not be read for ${Math.round(silence)} ms`);
    return new RegistryUnavailableError(this.url, [{ endpoint: this.store.layout.root, error }]);
  }

  private async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.closing.check();
    if (signal.aborted) throw abortReason(signal);
    try {
      return await work();
    } catch (error) {
      throw asRegistryError(this.url, error);
    }
  }
}
