import { type InstanceKey } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry } from '../../registry/registry.js';
import { type HealthEntry, toEntry } from './health-entry.js';

/** The content of a scope without its position. */
export interface Content {
  readonly entries: readonly RegistryEntry[];
  readonly malformed: readonly MalformedEntry[];
  /** What is registered still and does not pass, unless an operator has taken it out. */
  readonly expired?: readonly InstanceKey[];
}

function content(parts: readonly (RegistryEntry | MalformedEntry)[]): Content {
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
 * The instances of a service: those whose checks all pass. One id may stand in several agents: of ours the one written
 * last counts, and those of others are told apart by their node.
 */
export function members(service: string, all: readonly HealthEntry[]): Content {
  const byId = new Map<string, HealthEntry[]>();
  for (const entry of all) if (entry.passing) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
  const parts = new Map<string, RegistryEntry | MalformedEntry>();
  for (const [id, entries] of byId) {
    const ours = newest(entries.filter(({ owner }) => owner !== undefined));
    if (ours) parts.set(id, toEntry(service, ours));
  }
  for (const [id, entries] of byId)
    for (const other of entries.filter(({ owner }) => owner === undefined)) {
      const own = entries.length > 1 ? `${id}@${other.node}` : id;
      const free = unlike(parts, own);
      parts.set(free, toEntry(service, other, free));
    }
  return { ...content([...parts.values()]), expired: failing(service, all, parts) };
}

/** Under each id that readers may know them by. */
function failing(
  service: string,
  all: readonly HealthEntry[],
  listed: ReadonlyMap<string, unknown>,
): InstanceKey[] {
  return all
    .filter(({ passing, maintained }) => !passing && !maintained)
    .flatMap(({ id, node }) => [id, `${id}@${node}`])
    .filter((id) => !listed.has(id))
    .map((id) => ({ kind: 'instance', service, id }));
}

/** `id`, or one like it that is not taken: what others name is not ours to keep apart. */
function unlike(taken: ReadonlyMap<string, unknown>, id: string): string {
  let free = id;
  for (let n = 2; taken.has(free); n++) free = `${id}#${n}`;
  return free;
}

/**
 * What stands in one entry key. Unlike {@link members} it does not ask whether the instance may be used: one in
 * maintenance stands in its entry key, one whose TTL has run out does not.
 */
export function occupant(entryKey: InstanceKey, all: readonly HealthEntry[]): Content {
  const entry = newest(all.filter(({ id, expired }) => id === entryKey.id && !expired));
  return content(entry ? [toEntry(entryKey.service, entry)] : []);
}
