import { RegistryUnavailableError } from '../../common/errors/index.js';
import { Notifier } from '../../registry/notifier.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { type EntryChange, SIGN_OF_LIFE_MS } from '../../registry/registry.js';
import { type Folder } from './folder.js';
import { type ReadResult, type Subscription } from './folder-watcher.js';
import { type FolderWatchers } from './folder-watchers.js';
import { asRegistryError } from './fs-error.js';
import { stemOfEntryKey } from './layout.js';
import { type FileStore, type FolderSnapshot } from './file-store.js';
import { LOOK_INTERVAL_MS, Silence } from './silence.js';

interface OwnEntry {
  readonly entryKey: EntryKey;
  /** The version that the session wrote or the watch reported last; undefined without an entry. */
  version: string | undefined;
  /** The number of the last read of the folder that may be older than the session's last write. */
  notBefore: number;
}

/** A folder that the watch follows. */
interface Followed {
  readonly subscription: Subscription;
  readonly silence: Silence;
  /** The last result that was compared. */
  compared: ReadResult | undefined;
  /** Whether that result differs from a write that it may be older than, so that only the next one says which came last. */
  isUndecided: boolean;
}

/**
 * Milliseconds between two looks for the next result where one is undecided: there is no notification of a result that equals
 * the one before.
 */
const UNDECIDED_LOOK_MS = 50;

/** The entries that one session has written, by folder and stem, and one watch on all of them. */
export class OwnEntries {
  private readonly folders = new Map<Folder, Map<string, OwnEntry>>();
  /** Wakes the watch. */
  private notifier: Notifier | undefined;

  constructor(
    private readonly store: FileStore,
    private readonly watchers: FolderWatchers,
  ) {}

  /** The session has written `version` of the entry. */
  written(entryKey: EntryKey, version: string): void {
    const folder = this.store.folder(entryKey);
    const own = this.folders.get(folder) ?? new Map<string, OwnEntry>();
    const isNew = own.size === 0;
    const notBefore = this.watchers.reads(folder);
    own.set(stemOfEntryKey(entryKey), { entryKey, version, notBefore });
    if (!isNew) return;
    this.folders.set(folder, own);
    this.notifier?.notify();
  }

  /** The entry is no longer the session's. */
  delete(entryKey: EntryKey): void {
    const folder = this.store.folder(entryKey);
    const own = this.folders.get(folder);
    if (own?.delete(stemOfEntryKey(entryKey)) === true && own.size === 0) this.folders.delete(folder);
  }

  /** Forgets all entries, and ends the watch. */
  clear(): void {
    this.folders.clear();
    this.notifier?.notify();
  }

  /** The entry keys of each folder, by stem. */
  byFolder(): Map<Folder, Map<string, EntryKey>> {
    return new Map(
      [...this.folders].map(([folder, own]) => [
        folder,
        new Map([...own].map(([stem, { entryKey }]) => [stem, entryKey])),
      ]),
    );
  }

  /**
   * Yields the entries whose versions are not the ones that the session wrote or that were yielded before.
   *
   * @param isOver whether the session has ended
   * @throws RegistryUnavailableError when a folder cannot be read
   */
  async *watch(
    signal: AbortSignal,
    isOver: () => boolean,
  ): AsyncGenerator<readonly EntryChange[], void, void> {
    const notifier = new Notifier();
    this.notifier = notifier;
    const followed = new Map<Folder, Followed>();
    try {
      while (!signal.aborted && !isOver()) {
        const changes: EntryChange[] = [];
        for (const [folder, own] of this.folders) {
          const follow = followed.get(folder) ?? this.follow(folder, notifier);
          followed.set(folder, follow);
          changes.push(...this.compare(follow, own));
        }
        // An empty batch is a sign of life. A folder that was not read yet has given none.
        const isRead = [...followed.values()].every(({ subscription }) => subscription.last !== undefined);
        if (isRead || changes.length > 0) yield changes;
        const isUndecided = [...followed.values()].some((follow) => follow.isUndecided);
        await notifier.wait(this.store.clock, isUndecided ? UNDECIDED_LOOK_MS : LOOK_INTERVAL_MS, signal);
      }
    } finally {
      if (this.notifier === notifier) this.notifier = undefined;
      for (const folder of followed.keys()) await this.watchers.unsubscribe(folder, notifier);
    }
  }

  private follow(folder: Folder, notifier: Notifier): Followed {
    const subscription = this.watchers.subscribe(folder, notifier);
    return { subscription, silence: new Silence(this.store.clock), compared: undefined, isUndecided: false };
  }

  private compare(follow: Followed, own: ReadonlyMap<string, OwnEntry>): EntryChange[] {
    const { last } = follow.subscription;
    const { url, layout } = this.store;
    const silentMs = follow.silence.look(last?.at);
    if (silentMs > SIGN_OF_LIFE_MS) {
      const error = new Error(`it could not be read for ${Math.round(silentMs)} ms`);
      throw new RegistryUnavailableError(url, [{ endpoint: layout.root, error }]);
    }
    if (last?.result instanceof Error) throw asRegistryError(url, last.result);
    if (!last || last === follow.compared) return [];
    follow.compared = last;
    const { changes, isUndecided } = changesOf(own, last.result, last.read);
    follow.isUndecided = isUndecided;
    return changes;
  }
}

function changesOf(
  own: ReadonlyMap<string, OwnEntry>,
  { entries }: FolderSnapshot,
  read: number,
): { readonly changes: EntryChange[]; readonly isUndecided: boolean } {
  const changes: EntryChange[] = [];
  let isUndecided = false;
  for (const [stem, entry] of own) {
    const version = entries.get(stem)?.version;
    if (version === entry.version) continue;
    if (read <= entry.notBefore) {
      isUndecided = true;
      continue;
    }
    entry.version = version;
    changes.push({ entryKey: entry.entryKey, version });
  }
  return { changes, isUndecided };
}
