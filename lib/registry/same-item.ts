import { type Instance } from './instance.js';
import { type Item } from './item.js';

/** Whether two items would read the same in a registry. */
export function sameItem(a: Item, b: Item): boolean {
  if (a.kind === 'key') return b.kind === 'key' && a.key === b.key && a.value === b.value;
  return b.kind === 'instance' && (a.instance === b.instance || sameInstance(a.instance, b.instance));
}

function sameInstance(a: Instance, b: Instance): boolean {
  return (
    a.service === b.service &&
    a.id === b.id &&
    a.address === b.address &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, i) => tag === b.tags[i]) &&
    sameRecord(a.ports, b.ports) &&
    sameRecord(a.meta, b.meta)
  );
}

function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
