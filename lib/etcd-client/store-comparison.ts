import { type StoreChecks } from './store-checks.js';
import { type WatchState } from './watch-state.js';

/** The callbacks of a {@link StoreComparison}. */
export interface ComparisonListener {
  /** Called when the store is not the one that was watched. */
  onReplaced(watch: WatchState, reason: string): void;
  /** Called when a watch without a start revision has learnt the current one. */
  onLocated(watch: WatchState): void;
}

/** Compares the positions of watches with the store's revision. A replaced or restored store is behind them. */
export class StoreComparison {
  private verifying = false;

  constructor(
    private readonly store: StoreChecks,
    private readonly listener: ComparisonListener,
  ) {}

  /** Whether a response comes from another cluster than the one that was watched. */
  isOtherCluster(watch: WatchState, clusterId: string): boolean {
    watch.clusterId ??= clusterId;
    if (watch.clusterId === clusterId) return false;
    this.listener.onReplaced(watch, `cluster ${watch.clusterId} has become cluster ${clusterId}`);
    return true;
  }

  /**
   * Records the positions of watches; must be called before a read is sent.
   *
   * @returns the key to read, since the user is known to have the permission for it; undefined without watches
   */
  begin(watches: readonly WatchState[]): Buffer | undefined {
    // Events that arrive during the read may be newer than its revision.
    for (const watch of watches) watch.floor = watch.progress.position;
    return watches[0]?.request.key;
  }

  /** Compares watches with the revision of a linearizable read that was sent after {@link StoreComparison.begin}. */
  compare(watches: readonly WatchState[], clusterId: string, revision: bigint): void {
    for (const watch of watches) {
      if (this.isOtherCluster(watch, clusterId)) continue;
      const { floor, created, progress } = watch;
      watch.suspect = false;
      if (floor !== undefined && revision < floor) {
        this.listener.onReplaced(watch, `the store went back from revision ${floor} to ${revision}`);
      } else if (created && progress.position === undefined) {
        progress.startsAt(revision);
        this.listener.onLocated(watch);
      }
    }
  }

  /**
   * Compares the suspect watches with a linearizable read. A lagging member catches up; a restored store does not.
   */
  async verify(watches: Iterable<WatchState>): Promise<void> {
    if (this.verifying) return;
    this.verifying = true;
    try {
      const suspects = [...watches].filter(({ suspect }) => suspect);
      const key = this.begin(suspects);
      if (!key) return;
      const { cluster_id: clusterId, revision } = await this.store.currentHeader(key, 'reading the revision');
      this.compare(suspects, clusterId, BigInt(revision));
    } catch {
      // The watches stay suspect, and the next response triggers another read.
    } finally {
      this.verifying = false;
    }
  }
}
