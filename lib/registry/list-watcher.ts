import { type EntriesDiff, EntryStore, type MalformedSink } from './entry-store.js';
import { type ListUpdate, type ListWatcherOptions, type ListWatchState } from './list-watcher.types.js';
import { type Change, type Listing } from './registry.js';
import { ScopeWatcher, type WatchedContent } from './scope-watcher.js';

/**
 * Keeps the complete content of a scope current: lists it, then watches from the cursor of the listing, and lists again
 * after a gap.
 *
 * After an error the watcher keeps its content, marks it stale, and retries without limit. The content becomes empty only
 * if the registry reports it as empty.
 */
export class ListWatcher {
  private readonly watcher: ScopeWatcher;

  constructor(options: ListWatcherOptions) {
    this.watcher = new ScopeWatcher(options, (malformed) => new Entries(malformed, options.onUpdate));
  }

  /** Resolves after `onUpdate` was called with the first listing. Rejects only with a `ClosedError`. */
  get ready(): Promise<void> {
    return this.watcher.ready;
  }

  /** How current the content is. */
  get state(): ListWatchState {
    return this.watcher.state;
  }

  /** Starts to list and watch. A second call does nothing. */
  start(): void {
    this.watcher.start();
  }

  /**
   * Lists the scope again. Resolves after a list request that started after this call has been applied. Calls during a
   * running list request share the next one, since the running one may miss a change before the call.
   *
   * @throws the error of the list request; the watcher itself keeps retrying
   * @throws ClosedError after {@link ListWatcher.close}
   */
  refresh(): Promise<void> {
    return this.watcher.refresh();
  }

  /** Ends the watch and all timers. A second call waits for the first. */
  close(): Promise<void> {
    return this.watcher.close();
  }
}

const NO_CHANGE: EntriesDiff = { added: [], updated: [], removed: [] };

/** The entries of a scope, with a callback for their changes. */
class Entries implements WatchedContent {
  private readonly store: EntryStore;
  private diff = NO_CHANGE;
  private reported = false;

  constructor(
    malformed: MalformedSink,
    private readonly onUpdate: (update: ListUpdate) => void,
  ) {
    this.store = new EntryStore(malformed);
  }

  get size(): number {
    return this.store.current.size;
  }

  replace(listing: Listing): void {
    this.diff = this.store.replace(listing);
  }

  apply(changes: readonly Change[]): void {
    this.diff = this.store.apply(changes);
  }

  report(listed: boolean): void {
    const { added, updated, removed } = this.diff;
    this.diff = NO_CHANGE;
    if (this.reported && added.length + updated.length + removed.length === 0) return;
    this.reported = true;
    this.onUpdate({ entries: this.store.current, added, updated, removed, listed });
  }
}
