import { createHash } from 'node:crypto';

/**
 * Identifies one event of a store's history. A store that was restored from a backup and has grown past the same
 * revision since has another event there; the revision alone cannot show it.
 */
export interface EventFingerprint {
  readonly revision: bigint;
  /** Hash of the event's type, key, value and lease. */
  readonly digest: string;
  /** Whether the event is a delete. Older servers omit a delete when history is compacted at its very revision. */
  readonly deleted?: true;
}

/** The part of a key-value pair that a fingerprint covers. */
export interface FingerprintedKv {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
  readonly mod_revision: string;
}

/** The fingerprint of a put or a delete. */
export function fingerprintOf(kv: FingerprintedKv, type: 'Put' | 'Delete'): EventFingerprint {
  const hash = createHash('sha256').update(`${type}\0${kv.key.length}\0`).update(kv.key);
  if (type === 'Put') hash.update(`${kv.lease}\0`).update(kv.value);
  const fingerprint = { revision: BigInt(kv.mod_revision), digest: hash.digest('base64url').slice(0, 16) };
  return type === 'Delete' ? { ...fingerprint, deleted: true } : fingerprint;
}

/** The fingerprint of the most recent put; undefined for an empty list. */
export function newestFingerprint(kvs: readonly FingerprintedKv[]): EventFingerprint | undefined {
  let newest: FingerprintedKv | undefined;
  for (const kv of kvs) if (!newest || BigInt(kv.mod_revision) > BigInt(newest.mod_revision)) newest = kv;
  return newest && fingerprintOf(newest, 'Put');
}
