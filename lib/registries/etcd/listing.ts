import type { IKeyValue } from 'etcd3';
import { entryKeyId } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry, type Scope } from '../../registry/registry.js';
import { decodeRecord } from './codec.js';
import { entryOf } from './entry.js';
import { type EtcdLayout } from './layout.js';

/** What the keys of a scope hold. */
export interface Contents {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
}

/** What the keys of `scope` mean. Of two keys with one id the encoded one counts, see {@link EtcdLayout}. */
export function contentsOf(layout: EtcdLayout, scope: Scope, kvs: readonly IKeyValue[]): Contents {
  const found = new Map<string, RegistryEntry | MalformedEntry>();
  for (const kv of kvs) {
    const entryKey = layout.entryKeyOf(scope, kv.key);
    const id = entryKeyId(entryKey);
    if (found.has(id) && layout.siblingOf(scope, kv.key)?.encoded === true) continue;
    const decoded = decodeRecord(entryKey, kv.value);
    if ('record' in decoded) found.set(id, entryOf(decoded.record, kv));
    else if ('reason' in decoded) found.set(id, { entryKey, reason: decoded.reason });
  }
  const entries: RegistryEntry[] = [];
  const malformed: MalformedEntry[] = [];
  for (const one of found.values()) {
    if ('record' in one) entries.push(one);
    else malformed.push(one);
  }
  return { entries, malformed };
}
