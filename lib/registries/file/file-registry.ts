import { randomBytes } from 'node:crypto';
import { abortReason } from '../../common/async/abort.js';
import { RegistryUnavailableError } from '../../common/errors/index.js';
import { expected } from '../../common/expected.js';
import { Notifier } from '../../registry/notifier.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
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
import { type ExaminedRights, type Finding } from '../../registry/inspection.js';
import { type RegistryDeps } from '../../registry/registry-source.js';
import { refuseDatacenter } from '../../registry/scope.js';
import { bootTime } from './boot-time.js';
import { removeVersions } from './commit.js';
import { newestOf } from './folder.js';
import { FolderWatchers } from './folder-watchers.js';
import { asRegistryError } from './fs-error.js';
import { Layout, stemOfEntryKey } from './layout.js';
import { ensureRoot, recheckRoot } from './root.js';
import { FileSession } from './file-session.js';
import { examineFolder } from './examine.js';
import { FileStore, listingOf } from './file-store.js';
import { keyNames, serviceNames } from './names.js';
import { Notifications } from './notifications.js';
import { LOOK_INTERVAL_MS, Silence } from './silence.js';
import { sweep } from './sweep.js';

/** The shortest time between two sweeps of one connection. */
const SWEEP_INTERVAL_MS = 60_000;

/** A registry in a folder, shared by the processes of one machine. */
export class FileRegistry implements Registry {
  readonly driver = 'file';
  private readonly lifetime: AbortScope;
  private readonly watchers: FolderWatchers;
  private sweptAt = -Infinity;
  private checked = false;

  /** @param notifications undefined: only polls */
  constructor(
    private readonly store: FileStore,
    notifications?: Notifications,
  ) {
    this.watchers = new FolderWatchers(store, notifications);
    this.lifetime = new AbortScope(`The registry ${store.url}`);
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
      if (now - this.sweptAt >= SWEEP_INTERVAL_MS) {
        this.sweptAt = now;
        await sweep(this.store);
      }
      return await FileSession.open(this.store, this.watchers, randomBytes(10).toString('hex'), options);
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

  async discard(entryKey: EntryKey, version: string, signal: AbortSignal): Promise<boolean> {
    checkScope(entryKey);
    return await this.run(signal, async () => {
      await recheckRoot(this.store.layout);
      const folder = this.store.folder(entryKey);
      const names = await folder.names(stemOfEntryKey(entryKey));
      const [newest] = newestOf(names, stemOfEntryKey(entryKey));
      if (!newest || (await folder.content(newest))?.version !== version) return false;
      await removeVersions(this.store.layout, folder, newest, names);
      return true;
    });
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const linked = this.lifetime.link(signal);
    const notifier = new Notifier();
    const folder = this.store.folder(scope);
    try {
      yield* this.follow(scope, cursor, notifier, linked.signal);
    } finally {
      linked.release();
      await this.watchers.unsubscribe(folder, notifier);
    }
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    return await this.run(signal, async () => {
      await this.check();
      return await serviceNames(this.store);
    });
  }

  async keys(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    return await this.run(signal, async () => {
      await this.check();
      return await keyNames(this.store, prefix);
    });
  }

  async examine(_rights: ExaminedRights, signal: AbortSignal): Promise<readonly Finding[]> {
    return await this.run(signal, async () => await examineFolder(this.store));
  }

  async close(): Promise<void> {
    this.lifetime.close();
    await this.watchers.stop();
  }

  private async *follow(
    scope: Scope,
    from: Cursor,
    notifier: Notifier,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    const { clock } = this.store;
    // A result from before this call may be older than the listing from which this watch continues.
    const stem = scope.kind === 'service' ? undefined : stemOfEntryKey(scope);
    const subscription = this.watchers.subscribe(this.store.folder(scope), notifier, stem);
    let cursor = from;
    const silence = new Silence(clock);
    let due = clock.now() + LOOK_INTERVAL_MS;
    while (!signal.aborted) {
      const { last } = subscription;
      const silentMs = silence.look(last?.at);
      if (silentMs > SIGN_OF_LIFE_MS) throw this.silent(silentMs);
      if (last?.result instanceof Error) throw asRegistryError(this.url, last.result);
      const listing = last && listingOf(last.result, scope);
      const news = listing !== undefined && listing.cursor !== cursor;
      const late = clock.now() >= due;
      if (news || late) due = clock.now() + LOOK_INTERVAL_MS;
      if (news) {
        cursor = listing.cursor;
        yield { kind: 'listing', listing };
      } else if (late && listing) yield { kind: 'changes', changes: [], cursor };
      await notifier.wait(clock, Math.max(0, due - clock.now()), signal);
    }
  }

  private async check(): Promise<void> {
    await ensureRoot(this.store.layout);
    this.checked = true;
  }

  private silent(silentMs: number): Error {
    const error = new Error(`it could not be read for ${Math.round(silentMs)} ms`);
    return new RegistryUnavailableError(this.url, [{ endpoint: this.store.layout.root, error }]);
  }

  private async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.lifetime.assertOpen();
    if (signal.aborted) throw abortReason(signal);
    try {
      return await work();
    } catch (error) {
      throw asRegistryError(this.url, error);
    }
  }
}

/**
 * Opens the registry in the folder `root`. Does not access the folder yet.
 *
 * @param notify whether to use file system notifications besides polling
 */
export async function openFileRegistry(
  url: string,
  root: string,
  { clock, logger }: RegistryDeps,
  { notify }: { readonly notify: boolean } = { notify: true },
): Promise<Registry> {
  const store = new FileStore(url, new Layout(root), clock, await bootTime(clock));
  return new FileRegistry(store, notify ? new Notifications(logger) : undefined);
}
