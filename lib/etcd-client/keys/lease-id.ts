import { type Random } from '../../common/random.js';

/**
 * What a lease of the keys API was granted for. `key` and `refresh`: exactly one key stands on it, so whoever
 * replaces or deletes that key may revoke it; `refresh` says that the key was bound to it without being changed.
 * `dir`: a directory and what was put into it.
 */
export type LeaseKind = 'key' | 'refresh' | 'dir';

/** The upper 16 bits of the lease's number, by which another process knows what it is for. */
const TAGS: Readonly<Record<LeaseKind, bigint>> = { key: 0x4b45n, refresh: 0x4b52n, dir: 0x4b44n };

const RANDOM_BITS = 48n;

/** A new lease number of that kind, in decimal: 48 random bits under the kind's tag. */
export function newLeaseId(kind: LeaseKind, random: Random): string {
  const high = BigInt(Math.floor(random() * 0x100_0000));
  const low = BigInt(Math.floor(random() * 0x100_0000));
  return String((TAGS[kind] << RANDOM_BITS) | (high << 24n) | low);
}

/** What a lease is for, or undefined where it is not one of the keys API's own (no lease at all, or a heartbeat's). */
export function leaseKind(id: string): LeaseKind | undefined {
  const tag = BigInt(id) >> RANDOM_BITS;
  for (const [kind, value] of Object.entries(TAGS)) if (value === tag) return kind as LeaseKind;
  return undefined;
}

/** Whether a key has a lease; etcd writes 0 where it has none. */
export function hasLease(id: string): boolean {
  return id !== '0' && id !== '';
}
