import { type StoreChecks } from './store-checks.js';
import { type WatchState } from './watch-state.js';

/** Receives what a {@link StoreComparison} finds. */
export interface ComparisonListener {
  /** The store is not the one that the watch has followed. */
  onAnother(watch: WatchState, reason: string): void;
  /** A watch that asked for what happens from now on has learnt where "now" is. */
  onLocated(watch: WatchState): void;
}

/** Compares how far watches have come with the store: one that was replaced or restored lies behind them. */
export class StoreComparison {
  private verifying = false;

  constructor(
    private readonly store: StoreChecks,
    private readonly listener: ComparisonListener,
  ) {}

  /** Whether an answer of `clusterId` comes from another cluster than the watch has followed. */
  isAnother(watch: WatchState, clusterId: string): boolean {
    watch.clusterId ??= clusterId;
    if (watch.clusterId === clusterId) return false;
    this.listener.onAnother(watch, `cluster ${watch.clusterId} has become cluster ${clusterId}`);
    return true;
  }

  /** To be called before a read is sent. Returns a key that the user may read: no other is certain to be one. */
  begin(watches: readonly WatchState[]): Buffer | undefined {
    // Events that arrive meanwhile may be newer than the read.
    for (const watch of watches) watch.floor = watch.progress.position;
    return watches[0]?.request.key;
  }

  /** Compares watches with the revision of the linearizable read that {@link StoreComparison.begin} preceded. */
  compare(watches: readonly WatchState[], clusterId: string, revision: bigint): void {
    for (const watch of watches) {
      if (this.isAnother(watch, clusterId)) continue;
      const { floor, created, progress } = watch;
      watch.suspect = false;
      if (floor !== undefined && revision < floor) {
        this.listener.onAnother(watch, `the store went back from revision ${floor} to ${revision}`);
      } else if (created && progress.position === undefined) {
        progress.startsAt(revision);
        this.listener.onLocated(watch);
      }
    }
  }

  /** Reads the revision for the watches that are suspect. A member that lags catches up, a store that went back does not. */
  async verify(watches: Iterable<WatchState>): Promise<void> {
    if (this.verifying) return;
    this.verifying = true;
    try {
      const suspects = [...watches].filter(({ suspect }) => suspect);
      const key = this.begin(suspects);
      if (!key) return;
      const { cluster_id: clusterId, revision } = await this.store.now(key, 'reading the revision');
      this.compare(suspects, clusterId, BigInt(revision));
    } catch {
      // Still suspect: the next sign of life asks again.
    } finally {
      this.verifying = false;
    }
  }
}
