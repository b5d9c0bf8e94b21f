import { ListWatcher } from '../registry/list-watcher.js';
import { type EntryKey, entryKeyId } from '../registry/entry-record.js';
import { type Cursor, type RegistryEntry } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** Watches one entry. */
export class EntryWatch {
  private watcher: ListWatcher | undefined;
  private entry: RegistryEntry | undefined;

  /** @param listener called with the version of the entry at first and with each change; undefined without an entry */
  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly entryKey: EntryKey,
    private readonly listener: { onObserved(version: string | undefined): void },
  ) {}

  /** Whether the watch runs. It starts with the first write of the entry, and sees the later ones. */
  get started(): boolean {
    return this.watcher !== undefined;
  }

  /** The entry as last watched; undefined while the watch is not up to date. */
  get current(): { readonly entry: RegistryEntry | undefined } | undefined {
    return this.watcher?.state.stale === false ? { entry: this.entry } : undefined;
  }

  /**
   * Starts the watch. A second call does nothing.
   *
   * @param entry the entry at `cursor`
   * @param cursor where the watch starts; undefined: with a listing
   */
  start(entry: RegistryEntry | undefined, cursor: Cursor | undefined): void {
    if (this.watcher) return;
    const id = entryKeyId(this.entryKey);
    const { registry, clock, random, logger } = this.deps;
    this.watcher = new ListWatcher({
      ...(cursor !== undefined && { from: { entries: entry ? [entry] : [], malformed: [], cursor } }),
      registry,
      scope: this.entryKey,
      causes: false,
      clock,
      random,
      logger,
      onUpdate: ({ entries }) => {
        this.entry = entries.get(id);
        this.listener.onObserved(this.entry?.version);
      },
    });
    this.watcher.start();
  }

  /** Resolves when the watch has ended. It may be started again before that. */
  async stop(): Promise<void> {
    const { watcher } = this;
    this.watcher = undefined;
    await watcher?.close();
  }
}
