import { createHash } from 'node:crypto';

/**
 * One event of a range that is known for certain. A store that was restored from an older state, and has grown beyond
 * where it was since, has another in its place: revisions alone cannot tell.
 */
export interface EventFingerprint {
  readonly revision: bigint;
  /** Of the event's kind, key, value and lease. */
  readonly digest: string;
  /** Whether it is a delete: older servers drop one when history is compacted at its very revision. */
  readonly deleted?: true;
}

/** The part of an event that a {@link EventFingerprint} remembers. */
export interface FingerprintedKv {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
  readonly mod_revision: string;
}

/** The witness of a put or of a delete. */
export function fingerprintOf(kv: FingerprintedKv, type: 'Put' | 'Delete'): EventFingerprint {
  const hash = createHash('sha256').update(`${type}\0${kv.key.length}\0`).update(kv.key);
  if (type === 'Put') hash.update(`${kv.lease}\0`).update(kv.value);
  const witness = { revision: BigInt(kv.mod_revision), digest: hash.digest('base64url').slice(0, 16) };
  return type === 'Delete' ? { ...witness, deleted: true } : witness;
}

/** The witness of what was written last; undefined where there is nothing. */
export function newestFingerprint(kvs: readonly FingerprintedKv[]): EventFingerprint | undefined {
  let newest: FingerprintedKv | undefined;
  for (const kv of kvs) if (!newest || BigInt(kv.mod_revision) > BigInt(newest.mod_revision)) newest = kv;
  return newest && fingerprintOf(newest, 'Put');
}
