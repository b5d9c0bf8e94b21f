import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';

/** A registry in front of another one, with a count of the writes of an election. */
export interface Trusting {
  readonly registry: Registry;
  /** Number of creations and discards of the election's record. */
  readonly writes: () => number;
}

/**
 * Counts what candidates write. With a factor above 1, sessions pretend to have a TTL so many times longer, so that a
 * holder trusts its leadership until it hears of its end; the records have the real one.
 */
export function trusting(inner: Registry, election: string, factor: number): Trusting {
  let writes = 0;
  const wrap = (session: Session): Session => ({
    id: session.id,
    ttl: session.ttl * factor,
    renew: (signal, patient) => session.renew(signal, patient),
    write: (record, version, signal) => {
      if (version === undefined && record.kind === 'key' && record.key === election) writes += 1;
      return session.write(honest(record, factor), version, signal);
    },
    remove: (entryKey, signal, version) => session.remove(entryKey, signal, version),
    end: (signal) => session.end(signal),
  });
  const registry: Registry = {
    driver: inner.driver,
    url: inner.url,
    ...(inner.listTimeoutMs === undefined ? {} : { listTimeoutMs: inner.listTimeoutMs }),
    openSession: async (options, signal) => wrap(await inner.openSession(options, signal)),
    list: (scope, signal) => inner.list(scope, signal),
    watch: (scope, cursor, signal) => inner.watch(scope, cursor, signal),
    discard: async (entryKey, version, signal) => {
      writes += 1;
      return (await inner.discard?.(entryKey, version, signal)) ?? false;
    },
    close: () => inner.close(),
  };
  return { registry, writes: () => writes };
}

function honest(record: EntryRecord, factor: number): EntryRecord {
  if (record.kind !== 'key' || factor === 1) return record;
  const value = JSON.parse(record.value) as { readonly ttl?: number };
  if (value.ttl === undefined) return record;
  return { ...record, value: JSON.stringify({ ...value, ttl: value.ttl / factor }) };
}
