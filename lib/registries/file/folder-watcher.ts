import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Notifier } from '../../registry/notifier.js';
import { type Folder, type MayHaveChanged, type NewestVersions } from './folder.js';
import { errnoOf } from './fs-error.js';
import { ensureRoot, makeFolder, recheckRoot } from './root.js';
import { type FileStore, listingOf, type FolderSnapshot } from './file-store.js';

/** Milliseconds between two looks where the platform does not say that something changed. */
export const POLL_INTERVAL_MS = 800;
/** Looking takes at most this share of the time, however much changes. */
const MAX_BUSY_SHARE = 1 / 3;
/** Milliseconds that changes are held back at most to keep to {@link MAX_BUSY_SHARE}. */
const MAX_DELAY_MS = 50;

/** Milliseconds after which every file is looked at, in case somebody wrote into one where it was. */
const FULL_READ_INTERVAL_MS = 5_000;

/** What a follower found when it looked last. */
export interface ReadResult {
  /** When it ended, on the store's clock. */
  readonly at: number;
  readonly result: FolderSnapshot | Error;
}

/** One watch of a {@link FolderWatcher}. */
export interface Subscription {
  /** What was seen last, by a look that began after the subscription; undefined until then. */
  readonly last: ReadResult | undefined;
}

interface Subscriber {
  last: ReadResult | undefined;
  /** The last look that began before the subscription. */
  readonly after: number;
}

/**
 * Watches one folder for all watches of a connection: reads what changed when the file system says so, and looks for
 * changes every {@link POLL_INTERVAL_MS} ms, since not every file system does.
 */
export class FolderWatcher {
  private readonly subscribers = new Map<Notifier, Subscriber>();
  private readonly wake = new Notifier();
  private readonly stopping = new AbortController();
  private watcher: FSWatcher | undefined;
  private watchedInode: bigint | undefined;
  /** Files the file system said have changed since the last look; undefined for any. */
  private changed: Set<string> | undefined;
  /** Slots that somebody new asks about: what is known of them may be older than what he knows. */
  private requested = new Set<string>();
  private fullReadDueAt = -Infinity;
  private stamp: string | undefined;
  private versions: NewestVersions | undefined;
  private refreshes = 0;
  private published: string | undefined;
  private nextExpiryAt = Infinity;
  private readonly running: Promise<void>;

  /** @param notify whether to ask the file system for changes, beside looking */
  constructor(
    private readonly store: FileStore,
    private readonly folder: Folder,
    private readonly notify: boolean,
  ) {
    this.running = this.run();
  }

  /**
   * Rings `bell` when something has changed, and once when the first look since now is done.
   *
   * @param stem of the one entry key that is asked about; all of them unless given
   */
  subscribe(bell: Notifier, stem?: string): Subscription {
    const subscriber: Subscriber = { last: undefined, after: this.refreshes };
    this.subscribers.set(bell, subscriber);
    if (stem === undefined) this.fullReadDueAt = -Infinity;
    else this.requested.add(stem);
    this.wake.notify();
    return subscriber;
  }

  /** @returns whether nobody listens any more */
  unsubscribe(bell: Notifier): boolean {
    this.subscribers.delete(bell);
    return this.subscribers.size === 0;
  }

  /** Ends everything. */
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
    const look = this.refreshes;
    let found: FolderSnapshot | Error;
    try {
      if (polling) {
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
    this.publish(look, { at: this.store.clock.now(), result: found });
  }

  /** The folder's content, reading as little as is sure to be enough. */
  private async read(): Promise<NewestVersions> {
    const { changed, requested, watcher } = this;
    this.changed = new Set();
    this.requested = new Set();
    const now = this.store.clock.now();
    // Without being told, a file may be another under the name of one that was known.
    const thorough = now >= this.fullReadDueAt || watcher === undefined;
    // Now, not after reading: whoever subscribes meanwhile asks for another look like this.
    if (thorough) this.fullReadDueAt = now + FULL_READ_INTERVAL_MS;
    const stamp = await this.folder.stamp();
    const quiet = !thorough && changed?.size === 0 && requested.size === 0;
    if (quiet && stamp !== undefined && stamp === this.stamp && this.versions) return this.versions;
    const mayHaveChanged: MayHaveChanged = ({ file, stem }) =>
      changed?.has(file) !== false || requested.has(stem);
    this.versions = await this.folder.read({
      watched: watcher !== undefined,
      ...(thorough ? {} : { changed: mayHaveChanged }),
    });
    this.stamp = stamp;
    return this.versions;
  }

  private publish(look: number, sight: ReadResult): void {
    const { result } = sight;
    const cursor = result instanceof Error ? undefined : listingOf(result).cursor;
    const news = cursor === undefined || cursor !== this.published;
    this.published = cursor;
    for (const [bell, subscriber] of this.subscribers) {
      if (look <= subscriber.after) continue;
      if (news || !subscriber.last) bell.notify();
      subscriber.last = sight;
    }
  }

  /** Has the file system tell of changes in the folder that is there now; makes it where it is missing. */
  private async watchFolder(): Promise<void> {
    if (!this.notify) return;
    const ino = (await this.inode()) ?? (await this.createFolder());
    if (this.watcher && ino === this.watchedInode) return;
    this.watcher?.close();
    this.watchedInode = ino;
    try {
      this.watcher = watch(this.folder.path, (_event, name) => {
        if (name === null) this.changed = undefined;
        else this.changed?.add(name);
        this.wake.notify();
      });
      this.watcher.on('error', () => this.unwatchFolder());
    } catch {
      // No notifications here, or no more of them for this user: looking has to do, until the next attempt.
      this.unwatchFolder();
    }
  }

  private async createFolder(): Promise<bigint | undefined> {
    await ensureRoot(this.store.layout);
    await makeFolder(this.folder.path);
    return await this.inode();
  }

  /** Tells the folder from one that is made later under the same name. */
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
