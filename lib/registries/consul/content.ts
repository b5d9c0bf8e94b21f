import { type InstanceKey } from '../../registry/entry-record.js';
import { type MalformedEntry, type RegistryEntry } from '../../registry/registry.js';
import { type HealthEntry, toEntry } from './health-entry.js';

/** The content of a scope, without a cursor. */
export interface Content {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
  /** Instances that are registered but do not pass their checks, except those in maintenance. */
  readonly expired?: readonly InstanceKey[];
}

function contentOf(parts: readonly (RegistryEntry | MalformedEntry)[]): Content {
  return {
    entries: parts.filter((part): part is RegistryEntry => 'record' in part),
    malformed: parts.filter((part): part is MalformedEntry => 'reason' in part),
  };
}

const newest = (entries: readonly HealthEntry[]): HealthEntry | undefined =>
  entries.reduce<HealthEntry | undefined>(
    (best, entry) => (best && best.modifyIndex >= entry.modifyIndex ? best : entry),
    undefined,
  );

/**
 * The instances of a service whose checks all pass. Several agents may have the same id. Among this library's
 * registrations of an id the newest counts; registrations of other clients are distinguished by their node.
 */
export function serviceContent(service: string, all: readonly HealthEntry[]): Content {
  const byId = new Map<string, HealthEntry[]>();
  for (const entry of all) if (entry.passing) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
  const parts = new Map<string, RegistryEntry | MalformedEntry>();
  for (const [id, entries] of byId) {
    const owned = newest(entries.filter(({ owner }) => owner !== undefined));
    if (owned) parts.set(id, toEntry(service, owned));
  }
  for (const [id, entries] of byId)
    for (const foreign of entries.filter(({ owner }) => owner === undefined)) {
      const preferredId = entries.length > 1 ? `${id}@${foreign.node}` : id;
      const freeId = freeIdLike(parts, preferredId);
      parts.set(freeId, toEntry(service, foreign, freeId));
    }
  return { ...contentOf([...parts.values()]), expired: expiredKeys(service, all, parts) };
}

/** The entry keys of expired instances, under each id that a listing may have shown them with. */
function expiredKeys(
  service: string,
  all: readonly HealthEntry[],
  listed: ReadonlyMap<string, unknown>,
): InstanceKey[] {
  return all
    .filter(({ passing, inMaintenance }) => !passing && !inMaintenance)
    .flatMap(({ id, node }) => [id, `${id}@${node}`])
    .filter((id) => !listed.has(id))
    .map((id) => ({ kind: 'instance', service, id }));
}

/** `id`, with a numeric suffix if it is taken: other clients do not keep their ids distinct. */
function freeIdLike(taken: ReadonlyMap<string, unknown>, id: string): string {
  let free = id;
  for (let n = 2; taken.has(free); n++) free = `${id}#${n}`;
  return free;
}

/**
 * The content of one entry key. Unlike {@link serviceContent} it ignores whether the instance may be used: it includes an
 * instance in maintenance, and excludes one whose TTL has expired.
 */
export function instanceContent(entryKey: InstanceKey, all: readonly HealthEntry[]): Content {
  const entry = newest(all.filter(({ id, expired }) => id === entryKey.id && !expired));
  return contentOf(entry ? [toEntry(entryKey.service, entry)] : []);
}
