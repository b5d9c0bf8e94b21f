import { ListWatcher } from '../registry/list-watcher.js';
import { type EntryKey, entryKeyId } from '../registry/entry-record.js';
import { type Cursor, type RegistryEntry } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** What the registry says by itself of one entry key. */
export class EntryWatch {
  private watcher: ListWatcher | undefined;
  private entry: RegistryEntry | undefined;

  /** @param onSeen called with what stands in the entry key, first and with each change */
  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly entryKey: EntryKey,
    private readonly onSeen: (entry: RegistryEntry | undefined) => void,
  ) {}

  /** What stands in the entry key as far as it was told; undefined while nobody can vouch for it. */
  get current(): { readonly entry: RegistryEntry | undefined } | undefined {
    return this.watcher?.state.stale === false ? { entry: this.entry } : undefined;
  }

  /**
   * Watches from now on. A second call does nothing.
   *
   * @param cursor from where, if `entry` is what stood in the entry key there; from a first list unless given
   */
  start(entry: RegistryEntry | undefined, cursor: Cursor | undefined): void {
    if (this.watcher) return;
    const id = entryKeyId(this.entryKey);
    const { registry, clock, random, logger } = this.deps;
    this.watcher = new ListWatcher({
      ...(cursor !== undefined && { from: { entries: entry ? [entry] : [], malformed: [], cursor } }),
      registry,
      scope: this.entryKey,
      clock,
      random,
      logger,
      onUpdate: ({ entries }) => {
        this.entry = entries.get(id);
        this.onSeen(this.entry);
      },
    });
    this.watcher.start();
  }

  /** Resolves when the watch has ended; it may be started again at once. */
  async stop(): Promise<void> {
    const { watcher } = this;
    this.watcher = undefined;
    await watcher?.close();
  }
}
