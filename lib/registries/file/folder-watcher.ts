import { type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Notifier } from '../../registry/notifier.js';
import { type Folder, type MayHaveChanged, type NewestVersions } from './folder.js';
import { errnoOf } from './fs-error.js';
import { type Notifications } from './notifications.js';
import { ensureRoot, makeFolder, recheckRoot } from './root.js';
import { type FileStore, listingOf, type FolderSnapshot } from './file-store.js';

/** How often the folder is polled, since not every file system reports changes. */
export const POLL_INTERVAL_MS = 800;
/** The share of time that reading may take, however often the folder changes. */
const MAX_BUSY_SHARE = 1 / 3;
/** The longest delay of a change that enforces {@link MAX_BUSY_SHARE}. */
const MAX_DELAY_MS = 50;

/** How often every file is checked, in case one was modified in place. */
const FULL_READ_INTERVAL_MS = 5_000;

/** The result of reading the folder once. */
export interface ReadResult {
  /** When the read ended, in milliseconds of the store's clock. */
  readonly at: number;
  /** Number of the read, from 1. */
  readonly read: number;
  readonly result: FolderSnapshot | Error;
}

/** One subscription to a {@link FolderWatcher}. */
export interface Subscription {
  /** The last result. Undefined until a read that started after the subscription has ended. */
  readonly last: ReadResult | undefined;
}

interface Subscriber {
  last: ReadResult | undefined;
  /** The number of the last read that started before the subscription. */
  readonly after: number;
}

/**
 * Watches one folder on behalf of all watches of a connection. It reads the changed files when the file system reports
 * changes, and polls every {@link POLL_INTERVAL_MS} milliseconds besides.
 */
export class FolderWatcher {
  private readonly subscribers = new Map<Notifier, Subscriber>();
  private readonly wake = new Notifier();
  private readonly stopping = new AbortController();
  private watcher: FSWatcher | undefined;
  private watchedInode: bigint | undefined;
  /** The files that the file system has reported as changed since the last read. Undefined: any may have changed. */
  private changed: Set<string> | undefined;
  /** The stems of new subscriptions. The subscriber may know a newer version than the cached one. */
  private requested = new Set<string>();
  private fullReadDueAt = -Infinity;
  private stamp: string | undefined;
  private versions: NewestVersions | undefined;
  private refreshes = 0;
  /** The cursor of the last read; undefined if it has failed. */
  private published: string | undefined;
  private nextExpiryAt = Infinity;
  private readonly running: Promise<void>;

  /** @param notifications undefined: only polls */
  constructor(
    private readonly store: FileStore,
    private readonly folder: Folder,
    private readonly notifications: Notifications | undefined,
  ) {
    this.running = this.run();
  }

  /**
   * Notifies `notifier` of each change, and once when the first read that starts after this call has ended.
   *
   * @param stem limits the subscription to the entry key with this stem
   */
  subscribe(notifier: Notifier, stem?: string): Subscription {
    const subscriber: Subscriber = { last: undefined, after: this.refreshes };
    this.subscribers.set(notifier, subscriber);
    if (stem === undefined) this.fullReadDueAt = -Infinity;
    else this.requested.add(stem);
    this.wake.notify();
    return subscriber;
  }

  /** Number of the last read that has started. */
  get reads(): number {
    return this.refreshes;
  }

  /** Ends a subscription. Returns whether none is left. */
  unsubscribe(notifier: Notifier): boolean {
    this.subscribers.delete(notifier);
    return this.subscribers.size === 0;
  }

  /** Ends the watch and its timers. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { clock } = this.store;
    let poll = clock.now();
    try {
      while (!signal.aborted) {
        const start = clock.now();
        const polling = start >= poll;
        if (polling) poll = start + POLL_INTERVAL_MS;
        await this.refresh(polling);
        const spent = clock.now() - start;
        await new Notifier().wait(clock, Math.min(MAX_DELAY_MS, spent * (1 / MAX_BUSY_SHARE - 1)), signal);
        await this.wake.wait(clock, Math.max(0, Math.min(poll, this.nextExpiryAt) - clock.now()), signal);
      }
    } finally {
      this.watcher?.close();
    }
  }

  private async refresh(polling: boolean): Promise<void> {
    this.refreshes += 1;
    const read = this.refreshes;
    let found: FolderSnapshot | Error;
    try {
      // After a failure too: a read between two polls would otherwise succeed in a folder that is refused.
      if (polling || this.published === undefined) {
        await recheckRoot(this.store.layout);
        await this.watchFolder();
      }
      found = await this.store.snapshot(await this.read(), false);
      this.nextExpiryAt = found.until;
    } catch (error) {
      found = error instanceof Error ? error : new Error(String(error), { cause: error });
      this.fullReadDueAt = -Infinity;
      this.nextExpiryAt = Infinity;
    }
    this.publish({ at: this.store.clock.now(), read, result: found });
  }

  /** Reads the folder's content. Takes files from the cache where that is safe. */
  private async read(): Promise<NewestVersions> {
    const { changed, requested, watcher } = this;
    this.changed = new Set();
    this.requested = new Set();
    const now = this.store.clock.now();
    // Without notifications, a known name may stand for another file by now.
    const fullRead = now >= this.fullReadDueAt || watcher === undefined;
    // Set before the read, since a subscription during the read resets it to request another full read.
    if (fullRead) this.fullReadDueAt = now + FULL_READ_INTERVAL_MS;
    const stamp = await this.folder.stamp();
    const quiet = !fullRead && changed?.size === 0 && requested.size === 0;
    if (quiet && stamp !== undefined && stamp === this.stamp && this.versions) return this.versions;
    const mayHaveChanged: MayHaveChanged = ({ file, stem }) =>
      changed?.has(file) !== false || requested.has(stem);
    this.versions = await this.folder.read({
      watched: watcher !== undefined,
      ...(fullRead ? {} : { changed: mayHaveChanged }),
    });
    this.stamp = stamp;
    return this.versions;
  }

  private publish(latest: ReadResult): void {
    const { read, result } = latest;
    const cursor = result instanceof Error ? undefined : listingOf(result).cursor;
    const changed = cursor === undefined || cursor !== this.published;
    this.published = cursor;
    for (const [notifier, subscriber] of this.subscribers) {
      if (read <= subscriber.after) continue;
      if (changed || !subscriber.last) notifier.notify();
      subscriber.last = latest;
    }
  }

  /** Subscribes to file system notifications for the current folder. Creates the folder if it is missing. */
  private async watchFolder(): Promise<void> {
    if (!this.notifications) return;
    const ino = (await this.inode()) ?? (await this.createFolder());
    if (this.watcher && ino === this.watchedInode) return;
    this.unwatchFolder();
    this.watchedInode = ino;
    this.watcher = this.notifications.follow(this.folder.path, (name) => {
      if (name === null) this.changed = undefined;
      else this.changed?.add(name);
      this.wake.notify();
    });
    this.watcher?.on('error', () => this.unwatchFolder());
  }

  private async createFolder(): Promise<bigint | undefined> {
    await ensureRoot(this.store.layout);
    await makeFolder(this.folder.path);
    return await this.inode();
  }

  /** Distinguishes the folder from one that is created later under the same name. */
  private async inode(): Promise<bigint | undefined> {
    try {
      return (await stat(this.folder.path, { bigint: true })).ino;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return undefined;
    }
  }

  private unwatchFolder(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}
