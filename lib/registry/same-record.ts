import { type Instance } from './instance.js';
import { type EntryRecord } from './entry-record.js';

/** Whether two records are equal, apart from hints, which registries do not return. */
export function sameRecord(a: EntryRecord, b: EntryRecord): boolean {
  if (a.kind === 'key')
    return b.kind === 'key' && a.key === b.key && a.space === b.space && a.value === b.value;
  return b.kind === 'instance' && (a.instance === b.instance || sameInstance(a.instance, b.instance));
}

/** Whether two instances have equal values. */
export function sameInstance(a: Instance, b: Instance): boolean {
  return (
    a.service === b.service &&
    a.id === b.id &&
    a.address === b.address &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.zone === b.zone &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, i) => tag === b.tags[i]) &&
    sameProperties(a.ports, b.ports) &&
    sameProperties(a.meta, b.meta)
  );
}

function sameProperties(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
