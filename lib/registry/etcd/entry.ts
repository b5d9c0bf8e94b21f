import type { IKeyValue } from 'etcd3';
import { type Item } from '../item.js';
import { type Entry } from '../registry.js';

/** `lease` of a key that is bound to none. */
const NO_LEASE = '0';

/** An item with what etcd knows of its key. */
export function entryOf(item: Item, { mod_revision: version, lease }: IKeyValue): Entry {
  return Object.freeze({ item, version, owner: lease === NO_LEASE ? undefined : lease });
}
