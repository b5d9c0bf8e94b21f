import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Notifier } from '../../registry/notifier.js';
import { type Folder, type MayHaveChanged, type Tops } from './folder.js';
import { errnoOf } from './fs-error.js';
import { ensureRoot, makeFolder, recheckRoot } from './root.js';
import { type FileStore, listingOf, type View } from './store.js';

/** Milliseconds between two looks where the platform does not say that something changed. */
export const POLL = 800;
/** Looking takes at most this share of the time, however much changes. */
const SHARE = 1 / 3;
/** Milliseconds that changes are held back at most to keep to {@link SHARE}. */
const MAX_DELAY = 50;

/** Milliseconds after which every file is looked at, in case somebody wrote into one where it was. */
const THOROUGH = 5_000;

/** What a follower found when it looked last. */
export interface Sight {
  /** When it ended, on the store's clock. */
  readonly at: number;
  readonly found: View | Error;
}

/** One watch of a {@link FolderWatcher}. */
export interface Subscription {
  /** What was seen last, by a look that began after the subscription; undefined until then. */
  readonly sight: Sight | undefined;
}

interface Subscriber {
  sight: Sight | undefined;
  /** The last look that began before the subscription. */
  readonly after: number;
}

/**
 * Watches one folder for all watches of a connection: reads what changed when the file system says so, and looks for
 * changes every {@link POLL} ms, since not every file system does.
 */
export class FolderWatcher {
  private readonly subscribers = new Map<Notifier, Subscriber>();
  private readonly wake = new Notifier();
  private readonly stopping = new AbortController();
  private watcher: FSWatcher | undefined;
  private watched: bigint | undefined;
  /** Files the file system said have changed since the last look; undefined for any. */
  private changed: Set<string> | undefined;
  /** Slots that somebody new asks about: what is known of them may be older than what he knows. */
  private asked = new Set<string>();
  private thorough = -Infinity;
  private stamp: string | undefined;
  private tops: Tops | undefined;
  private looks = 0;
  private told: string | undefined;
  private until = Infinity;
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
    const subscriber: Subscriber = { sight: undefined, after: this.looks };
    this.subscribers.set(bell, subscriber);
    if (stem === undefined) this.thorough = -Infinity;
    else this.asked.add(stem);
    this.wake.ring();
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
        if (polling) poll = start + POLL;
        await this.look(polling);
        const spent = clock.now() - start;
        await new Notifier().wait(clock, Math.min(MAX_DELAY, spent * (1 / SHARE - 1)), signal);
        await this.wake.wait(clock, Math.max(0, Math.min(poll, this.until) - clock.now()), signal);
      }
    } finally {
      this.watcher?.close();
    }
  }

  private async look(polling: boolean): Promise<void> {
    this.looks += 1;
    const look = this.looks;
    let found: View | Error;
    try {
      if (polling) {
        await recheckRoot(this.store.layout);
        await this.attend();
      }
      found = await this.store.view(await this.read(), false);
      this.until = found.until;
    } catch (error) {
      found = error instanceof Error ? error : new Error(String(error), { cause: error });
      this.thorough = -Infinity;
      this.until = Infinity;
    }
    this.tell(look, { at: this.store.clock.now(), found });
  }

  /** The folder's content, reading as little as is sure to be enough. */
  private async read(): Promise<Tops> {
    const { changed, asked, watcher } = this;
    this.changed = new Set();
    this.asked = new Set();
    const now = this.store.clock.now();
    // Without being told, a file may be another under the name of one that was known.
    const thorough = now >= this.thorough || watcher === undefined;
    // Now, not after reading: whoever subscribes meanwhile asks for another look like this.
    if (thorough) this.thorough = now + THOROUGH;
    const stamp = await this.folder.stamp();
    const quiet = !thorough && changed?.size === 0 && asked.size === 0;
    if (quiet && stamp !== undefined && stamp === this.stamp && this.tops) return this.tops;
    const mayHaveChanged: MayHaveChanged = ({ file, stem }) =>
      changed?.has(file) !== false || asked.has(stem);
    this.tops = await this.folder.read({
      watched: watcher !== undefined,
      ...(thorough ? {} : { changed: mayHaveChanged }),
    });
    this.stamp = stamp;
    return this.tops;
  }

  private tell(look: number, sight: Sight): void {
    const { found } = sight;
    const cursor = found instanceof Error ? undefined : listingOf(found).cursor;
    const news = cursor === undefined || cursor !== this.told;
    this.told = cursor;
    for (const [bell, subscriber] of this.subscribers) {
      if (look <= subscriber.after) continue;
      if (news || !subscriber.sight) bell.ring();
      subscriber.sight = sight;
    }
  }

  /** Has the file system tell of changes in the folder that is there now; makes it where it is missing. */
  private async attend(): Promise<void> {
    if (!this.notify) return;
    const ino = (await this.inode()) ?? (await this.make());
    if (this.watcher && ino === this.watched) return;
    this.watcher?.close();
    this.watched = ino;
    try {
      this.watcher = watch(this.folder.path, (_event, name) => {
        if (name === null) this.changed = undefined;
        else this.changed?.add(name);
        this.wake.ring();
      });
      this.watcher.on('error', () => this.unattended());
    } catch {
      // No notifications here, or no more of them for this user: looking has to do, until the next attempt.
      this.unattended();
    }
  }

  private async make(): Promise<bigint | undefined> {
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

  private unattended(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}
