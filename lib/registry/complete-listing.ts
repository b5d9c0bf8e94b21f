import { createHash } from 'node:crypto';
import { type EntryKey, entryKeyId, entryKeyOf } from './entry-record.js';
import { type Cursor, type RegistryEntry, type Listing, type MalformedEntry } from './registry.js';

/**
 * A listing of a registry without a history. Its cursor is a digest of what it holds: a watch that finds another
 * digest has something to report.
 *
 * @param expired see {@link Listing.expired}
 */
export function completeListing(
  entries: readonly RegistryEntry[],
  malformed: readonly MalformedEntry[],
  expired?: readonly EntryKey[],
): Listing {
  const lines = [
    ...entries.map(({ record, version, owner }) => [entryKeyId(entryKeyOf(record)), version, owner ?? '']),
    ...malformed.map(({ entryKey, reason }) => [entryKeyId(entryKey), reason]),
  ].map((line) => JSON.stringify(line));
  const cursor = digest(lines.sort().join('\n'));
  return Object.freeze({ entries, malformed, cursor, ...(expired === undefined ? {} : { expired }) });
}

/** A short text stands for itself. */
function digest(text: string): Cursor {
  return text.length <= 200 ? text : createHash('sha256').update(text).digest('base64url');
}
