import { type Random } from '../../common/random.js';

/**
 * The purpose of a lease of the keys API. A `key` or `refresh` lease has exactly one key, so the client that replaces or
 * deletes the key may revoke it; a `refresh` lease was bound to its key without a change of the value. A `dir` lease has a
 * directory's marker and the nodes in the directory.
 */
export type LeaseKind = 'key' | 'refresh' | 'dir';

/** The upper 16 bits of the lease's id, from which other processes read its kind. */
const TAGS: Readonly<Record<LeaseKind, bigint>> = { key: 0x4b45n, refresh: 0x4b52n, dir: 0x4b44n };

/** The lower bits of the id, which are random. */
const RANDOM_BITS = 48n;

/** Creates a lease id of that kind, in decimal: the kind's tag, then 48 random bits. */
export function newLeaseId(kind: LeaseKind, random: Random): string {
  const high = BigInt(Math.floor(random() * 0x100_0000));
  const low = BigInt(Math.floor(random() * 0x100_0000));
  return String((TAGS[kind] << RANDOM_BITS) | (high << 24n) | low);
}

/** The kind of a lease; undefined if it is not a lease of the keys API, for example no lease or a session's. */
export function leaseKind(id: string): LeaseKind | undefined {
  const tag = BigInt(id) >> RANDOM_BITS;
  for (const [kind, value] of Object.entries(TAGS)) if (value === tag) return kind as LeaseKind;
  return undefined;
}

/** Whether a key has a lease; etcd reports 0 for a key without one. */
export function hasLease(id: string): boolean {
  return id !== '0' && id !== '';
}
