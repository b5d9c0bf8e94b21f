import { createHash } from 'node:crypto';
import { type Slot, slotId, slotOf } from './item.js';
import { type Cursor, type Entry, type Listing, type Malformed } from './registry.js';

/**
 * A listing of a registry without a history. Its cursor is a digest of what it holds: a watch that finds another
 * digest has something to report.
 *
 * @param expired see {@link Listing.expired}
 */
export function fullSet(
  entries: readonly Entry[],
  malformed: readonly Malformed[],
  expired?: readonly Slot[],
): Listing {
  const lines = [
    ...entries.map(({ item, version, owner }) => [slotId(slotOf(item)), version, owner ?? '']),
    ...malformed.map(({ slot, reason }) => [slotId(slot), reason]),
  ].map((line) => JSON.stringify(line));
  const cursor = digest(lines.sort().join('\n'));
  return Object.freeze({ entries, malformed, cursor, ...(expired === undefined ? {} : { expired }) });
}

/** A short text stands for itself. */
function digest(text: string): Cursor {
  return text.length <= 200 ? text : createHash('sha256').update(text).digest('base64url');
}
