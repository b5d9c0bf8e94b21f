import { createHash } from 'node:crypto';
import { type EntryKey, entryKeyId, entryKeyOf } from './entry-record.js';
import { type Cursor, type RegistryEntry, type Listing, type MalformedEntry } from './registry.js';

/**
 * Makes a listing for a registry that keeps no history. Its cursor is a digest of the content, so a watch has news
 * exactly if the digest differs.
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

/** A short content is its own digest. */
function digest(text: string): Cursor {
  return text.length <= 200 ? text : createHash('sha256').update(text).digest('base64url');
}
