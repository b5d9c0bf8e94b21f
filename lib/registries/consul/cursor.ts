import { createHash } from 'node:crypto';
import { entryKeyId } from '../../registry/entry-record.js';
import { type Cursor } from '../../registry/registry.js';
import { type Content } from './content.js';

/**
 * A digest of the content of a scope. Consul always responds with the complete content, so a watch needs to know what
 * its reader has, not from when it is. Consul's index cannot serve as a cursor: it grows without changes and loses its
 * meaning when an agent loses its data. For the same reason the digest covers whole records and not only their versions.
 */
export function cursorOf({ entries, malformed }: Content): Cursor {
  const lines = [
    ...entries.map(({ record, version, owner }) => JSON.stringify([version, owner, record])),
    ...malformed.map(({ entryKey, reason }) => JSON.stringify([entryKeyId(entryKey), reason])),
  ];
  return createHash('sha256').update(lines.sort().join('\n')).digest('base64');
}
