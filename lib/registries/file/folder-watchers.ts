import { type Notifier } from '../../registry/notifier.js';
import { type Folder } from './folder.js';
import { FolderWatcher, type Subscription } from './folder-watcher.js';
import { type FileStore } from './file-store.js';
import { type Notifications } from './notifications.js';

/** The watchers of a connection, one for each folder that is watched. */
export class FolderWatchers {
  private readonly watchers = new Map<Folder, FolderWatcher>();

  /** @param notifications undefined: only polls */
  constructor(
    private readonly store: FileStore,
    private readonly notifications: Notifications | undefined,
  ) {}

  /** Number of the last read of a folder that has started; 0 for a folder that is not watched. */
  reads(folder: Folder): number {
    return this.watchers.get(folder)?.reads ?? 0;
  }

  /** Subscribes to a folder, see {@link FolderWatcher.subscribe}. */
  subscribe(folder: Folder, notifier: Notifier, stem?: string): Subscription {
    let watcher = this.watchers.get(folder);
    if (!watcher) {
      watcher = new FolderWatcher(this.store, folder, this.notifications);
      this.watchers.set(folder, watcher);
    }
    return watcher.subscribe(notifier, stem);
  }

  /** Ends a subscription, and the watch of the folder with the last one. */
  async unsubscribe(folder: Folder, notifier: Notifier): Promise<void> {
    const watcher = this.watchers.get(folder);
    if (watcher?.unsubscribe(notifier) !== true) return;
    this.watchers.delete(folder);
    await watcher.stop();
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    const watchers = [...this.watchers.values()];
    this.watchers.clear();
    await Promise.all(watchers.map((watcher) => watcher.stop()));
  }
}
