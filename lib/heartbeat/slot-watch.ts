import { Follower } from '../registry/follower.js';
import { type Slot, slotId } from '../registry/item.js';
import { type Cursor, type Entry } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** What the registry says by itself of one slot. */
export class SlotWatch {
  private follower: Follower | undefined;
  private entry: Entry | undefined;

  /** @param onSeen called with what stands in the slot, first and with each change */
  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly slot: Slot,
    private readonly onSeen: (entry: Entry | undefined) => void,
  ) {}

  /** What stands in the slot as far as it was told; undefined while nobody can vouch for it. */
  get seen(): { readonly entry: Entry | undefined } | undefined {
    return this.follower?.state.stale === false ? { entry: this.entry } : undefined;
  }

  /**
   * Watches from now on. A second call does nothing.
   *
   * @param cursor from where, if `entry` is what stood in the slot there; from a first list unless given
   */
  start(entry: Entry | undefined, cursor: Cursor | undefined): void {
    if (this.follower) return;
    const id = slotId(this.slot);
    const { registry, clock, random, logger } = this.deps;
    this.follower = new Follower({
      ...(cursor !== undefined && { from: { entries: entry ? [entry] : [], malformed: [], cursor } }),
      registry,
      scope: this.slot,
      clock,
      random,
      logger,
      onSet: ({ entries }) => {
        this.entry = entries.get(id);
        this.onSeen(this.entry);
      },
    });
    this.follower.start();
  }

  /** Resolves when the watch has ended; it may be started again at once. */
  async stop(): Promise<void> {
    const { follower } = this;
    this.follower = undefined;
    await follower?.close();
  }
}
