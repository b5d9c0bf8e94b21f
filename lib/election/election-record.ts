import { MAX_SECONDS } from '../common/clock.js';
import { parseJsonObject } from '../common/json-object.js';
import { type RegistryEntry } from '../registry/registry.js';
import { type Leader } from './election.js';

/** The value of an election's key, as JSON. */
export interface ElectionRecord {
  /** Name of the leader's process, for operators. */
  readonly holder: string;
  /** Milliseconds after the last change of the record for which other candidates wait. */
  readonly ttlMs: number;
  /** Increases with every write of the leader: its sign of life. */
  readonly beat: number;
  readonly meta: Readonly<Record<string, string>>;
  /** When the term began, as an ISO 8601 date of the leader's wall clock. For operators only. */
  readonly since: string;
  /** The leader has released the election: it is contested at once. */
  readonly released: boolean;
}

/** An entry of an election's key, as an observer sees it. */
export interface Sighting {
  readonly version: string;
  /** The session that wrote it; undefined for a record without one. */
  readonly owner: string | undefined;
  /** The registry's create revision. */
  readonly term: string | undefined;
  /** Undefined for a value that is no record of this library. */
  readonly record: ElectionRecord | undefined;
}

const FORMAT = 1;

/** Formats a record as the value of its key. */
export function encodeElectionRecord(record: ElectionRecord): string {
  const { holder, ttlMs, beat, meta, since, released } = record;
  return JSON.stringify({
    format: FORMAT,
    holder,
    ttl: ttlMs / 1_000,
    beat,
    meta,
    since,
    ...(released ? { released } : {}),
  });
}

/** Parses the value of an election's key. Undefined for a value that is no record of this library. */
export function decodeElectionRecord(value: string): ElectionRecord | undefined {
  const parsed = parseJsonObject(value);
  if (!parsed) return undefined;
  const { format, holder, ttl, beat, meta, since, released } = parsed;
  if (format !== FORMAT || typeof holder !== 'string' || typeof since !== 'string') return undefined;
  if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= MAX_SECONDS)) return undefined;
  if (typeof beat !== 'number' || !isMeta(meta)) return undefined;
  return Object.freeze({
    holder,
    ttlMs: ttl * 1_000,
    beat,
    meta: Object.freeze({ ...meta }),
    since,
    released: released === true,
  });
}

/** Whether `value` is an object of strings. */
export function isMeta(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member === 'string');
}

/** Reads an entry of an election's key. */
export function sightingOf(entry: RegistryEntry): Sighting {
  const { record, version, owner, createRevision } = entry;
  return {
    version,
    owner,
    term: createRevision,
    record: record.kind === 'key' ? decodeElectionRecord(record.value) : undefined,
  };
}

/** The leader that a record names; undefined for a released or foreign one. */
export function leaderOf({ owner, term, record }: Sighting): Leader | undefined {
  if (owner === undefined || term === undefined || !record || record.released) return undefined;
  return Object.freeze({ id: owner, term, name: record.holder, since: record.since, meta: record.meta });
}

/** Whether term `a` is higher than `b`; every term is higher than none. */
export function isHigherTerm(a: string, b: string | undefined): boolean {
  return b === undefined || BigInt(a) > BigInt(b);
}
