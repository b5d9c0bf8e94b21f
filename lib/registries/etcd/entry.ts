import type { IKeyValue } from 'etcd3';
import { type EntryRecord } from '../../registry/entry-record.js';
import { type RegistryEntry } from '../../registry/registry.js';

/** `lease` of a key that is bound to none. */
const NO_LEASE = '0';

/** An record with what etcd knows of its key. */
export function entryOf(record: EntryRecord, { mod_revision: version, lease }: IKeyValue): RegistryEntry {
  return Object.freeze({ record, version, owner: lease === NO_LEASE ? undefined : lease });
}
