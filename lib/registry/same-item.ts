import { isDeepStrictEqual } from 'node:util';
import { type Item } from '../registry/item.js';

/** Whether two items would read the same in a registry. */
export function sameItem(a: Item, b: Item): boolean {
  if (a.kind === 'key') return b.kind === 'key' && a.key === b.key && a.value === b.value;
  return b.kind === 'instance' && isDeepStrictEqual({ ...a.instance }, { ...b.instance });
}
