import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Bell } from '../bell.js';
import { type Folder } from './folder.js';
import { errnoOf } from './fs-error.js';
import { ensureRoot, makeFolder } from './root.js';
import { type FileStore, type View } from './store.js';

/** Milliseconds between two looks where the platform does not say that something changed. */
export const POLL = 800;
/** Looking takes at most this share of the time, however much changes. */
const SHARE = 1 / 3;
/** Milliseconds that changes are held back at most to keep to {@link SHARE}. */
const MAX_DELAY = 50;

/** What a follower found when it looked last. */
export interface Sight {
  /** Counts the looks; a greater one began later. */
  readonly look: number;
  /** When it ended, on the store's clock. */
  readonly at: number;
  readonly found: View | Error;
}

/**
 * Watches one folder for all watches of a connection: reads what changed when the file system says so, and everything
 * every {@link POLL} ms, since not every file system does.
 */
export class Follower {
  private readonly bells = new Set<Bell>();
  /** Names the file system said have changed since the last look; undefined for any. */
  private changed: Set<string> | undefined;
  private readonly wake = new Bell();
  private readonly stopping = new AbortController();
  private watcher: FSWatcher | undefined;
  private watched: bigint | undefined;
  private looks = 0;
  private seen: Sight | undefined;
  private readonly running: Promise<void>;

  /** @param notify whether to ask the file system for changes, beside looking */
  constructor(
    private readonly store: FileStore,
    private readonly folder: Folder,
    private readonly notify: boolean,
  ) {
    this.running = this.run();
  }

  /** What was seen by a look that began after `look`. */
  sightAfter(look: number): Sight | undefined {
    return this.seen && this.seen.look > look ? this.seen : undefined;
  }

  /**
   * Rings `bell` after each look.
   *
   * @returns the number of the last look that began before now
   */
  subscribe(bell: Bell): number {
    this.bells.add(bell);
    this.wake.ring();
    return this.looks;
  }

  /** @returns whether nobody listens any more */
  unsubscribe(bell: Bell): boolean {
    this.bells.delete(bell);
    return this.bells.size === 0;
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
        const everything = start >= poll;
        if (everything) poll = start + POLL;
        await this.look(everything);
        const spent = clock.now() - start;
        await new Bell().wait(clock, Math.min(MAX_DELAY, spent * (1 / SHARE - 1)), signal);
        const found = this.seen?.found;
        const next = found === undefined || found instanceof Error ? poll : Math.min(poll, found.until);
        await this.wake.wait(clock, Math.max(0, next - clock.now()), signal);
      }
    } finally {
      this.watcher?.close();
    }
  }

  private async look(everything: boolean): Promise<void> {
    this.looks += 1;
    const look = this.looks;
    let found: View | Error;
    try {
      if (everything) await this.attend();
      const changed = everything ? undefined : this.changed;
      this.changed = new Set();
      const tops = await this.folder.read(changed ? { changed } : {});
      found = await this.store.view(tops, false);
    } catch (error) {
      found = error instanceof Error ? error : new Error(String(error), { cause: error });
    }
    this.seen = { look, at: this.store.clock.now(), found };
    for (const bell of this.bells) bell.ring();
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
