import { sourceId } from './service-query.js';
import { type SnapshotList } from './snapshot-codec.js';

/** Milliseconds for which a list is kept that this process does not follow: seven days. */
const FOREIGN_MS = 7 * 86_400_000;

/**
 * What a snapshot holds after a process has written its lists. Lists of services that it does not follow, because no
 * code has asked for them yet or because another process wrote them, stay for seven days. Of two lists of one service
 * the one that the registry confirmed later counts.
 *
 * @param own the lists of this process
 * @param found what the file holds
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
    // Confirmed in the future: by a clock that was wrong.
    const later = mine ? list.heard > mine.heard && list.heard <= now : now - list.heard <= FOREIGN_MS;
    if (later) lists.set(id, list);
  }
  return [...lists.values()];
}
