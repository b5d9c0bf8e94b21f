import type { IKeyValue } from 'etcd3';
import { entryKeyId } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry, type Scope } from '../../registry/registry.js';
import { decodeEntry } from './decode-entry.js';
import { type EtcdLayout } from './etcd-layout.js';

/** The decoded content of a scope. */
export interface ScopeContent {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
}

/** Decodes the keys of `scope`. Of two keys with the same id the encoded one wins, see {@link EtcdLayout}. */
export function scopeContent(layout: EtcdLayout, scope: Scope, kvs: readonly IKeyValue[]): ScopeContent {
  const found = new Map<string, RegistryEntry | MalformedEntry>();
  for (const kv of kvs) {
    const entryKey = layout.entryKeyOf(scope, kv.key);
    const id = entryKeyId(entryKey);
    if (found.has(id) && layout.siblingOf(scope, kv.key)?.encoded === true) continue;
    const decoded = decodeEntry(entryKey, kv);
    if ('entry' in decoded) found.set(id, decoded.entry);
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
