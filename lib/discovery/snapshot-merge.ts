import { sourceId } from './service-query.js';
import { type SnapshotList } from './snapshot-codec.js';

/** Time that a list which this process does not watch stays in the snapshot: seven days. */
const FOREIGN_LIST_TTL_MS = 7 * 86_400_000;

/**
 * Merges the lists of this process into those of a snapshot file. A list that this process does not watch, because no
 * code has asked for the service yet or because another process wrote it, stays for seven days. Of two lists of one
 * service, the one that the registry confirmed later is used.
 *
 * @param own the lists of this process
 * @param found the lists in the file
 * @param now milliseconds since the Unix epoch
 */
export function mergeSnapshots(
  own: readonly SnapshotList[],
  found: readonly SnapshotList[],
  now: number,
): readonly SnapshotList[] {
  const lists = new Map(own.map((list) => [sourceId(list.source), list]));
  for (const list of found) {
    const id = sourceId(list.source);
    const mine = lists.get(id);
    const { confirmedAtMs } = list;
    // A time in the future comes from a clock that was wrong.
    const wins = mine
      ? confirmedAtMs > mine.confirmedAtMs && confirmedAtMs <= now
      : now - confirmedAtMs <= FOREIGN_LIST_TTL_MS;
    if (wins) lists.set(id, list);
  }
  return [...lists.values()];
}
