import { createHash } from 'node:crypto';
import { entryKeyId } from '../../registry/entry-record.js';
import { type Cursor } from '../../registry/registry.js';
import { type Content } from './membership.js';

/**
 * A digest of what stands in a scope. Consul answers in full sets, so that a watch needs to know what its reader has
 * rather than when that was: an index means nothing once an agent has lost its data, and goes on without news. For the
 * same reason a version alone does not tell one entry from another.
 */
export function cursorOf({ entries, malformed }: Content): Cursor {
  const lines = [
    ...entries.map(({ record, version, owner }) => JSON.stringify([version, owner, record])),
    ...malformed.map(({ entryKey, reason }) => JSON.stringify([entryKeyId(entryKey), reason])),
  ];
  return createHash('sha256').update(lines.sort().join('\n')).digest('base64');
}
