import type { IKeyValue } from 'etcd3';
import { type EntryKey, isReserved } from '../../registry/entry-record.js';
import { type RegistryEntry } from '../../registry/registry.js';
import { type Decoded, decodeRecord } from './codec.js';

/** The `lease` of a key that is bound to no lease. */
export const NO_LEASE = '0';

/** The entry in an etcd key; `deleted` and `reason` as in {@link Decoded}. */
export type DecodedEntry = { readonly entry: RegistryEntry } | Exclude<Decoded, { readonly record: unknown }>;

/** Decodes the value of an etcd key, and adds the key's version and lease. */
export function decodeEntry(entryKey: EntryKey, kv: IKeyValue): DecodedEntry {
  const decoded = decodeRecord(entryKey, kv.value);
  if (!('record' in decoded)) return decoded;
  const { mod_revision: version, create_revision: createRevision, lease } = kv;
  const owner = lease === NO_LEASE ? undefined : lease;
  const created = isReserved(entryKey) ? { createRevision } : {};
  return { entry: Object.freeze({ record: decoded.record, version, owner, ...created }) };
}
