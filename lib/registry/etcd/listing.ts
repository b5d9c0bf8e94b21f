import type { IKeyValue } from 'etcd3';
import { slotId } from '../item.js';
import { type Entry, type Malformed, type Scope } from '../registry.js';
import { decodeItem } from './codec.js';
import { entryOf } from './entry.js';
import { type EtcdLayout } from './layout.js';

/** What the keys of a scope hold. */
export interface Contents {
  readonly entries: readonly Entry[];
  readonly malformed: readonly Malformed[];
}

/** What the keys of `scope` mean. Of two keys with one id the encoded one counts, see {@link EtcdLayout}. */
export function contentsOf(layout: EtcdLayout, scope: Scope, kvs: readonly IKeyValue[]): Contents {
  const found = new Map<string, Entry | Malformed>();
  for (const kv of kvs) {
    const slot = layout.slotOf(scope, kv.key);
    const id = slotId(slot);
    if (found.has(id) && layout.siblingOf(scope, kv.key)?.encoded === true) continue;
    const decoded = decodeItem(slot, kv.value);
    if ('item' in decoded) found.set(id, entryOf(decoded.item, kv));
    else if ('reason' in decoded) found.set(id, { slot, reason: decoded.reason });
  }
  const entries: Entry[] = [];
  const malformed: Malformed[] = [];
  for (const one of found.values()) {
    if ('item' in one) entries.push(one);
    else malformed.push(one);
  }
  return { entries, malformed };
}
