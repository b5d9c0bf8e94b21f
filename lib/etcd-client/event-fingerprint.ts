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
  readonly deleted?: boolean;
}

/** The part of a key-value pair that a fingerprint covers. */
export interface FingerprintedKv {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
  readonly mod_revision: string;
}

/**
 * The fingerprint of a put or a delete. The digest is computed when it is first read: most events are followed by another
 * one before that, and an endpoint is visible earlier. Until then the fingerprint holds the event in memory.
 */
export function fingerprintOf(
  kv: FingerprintedKv,
  type: 'Put' | 'Delete',
  revision = BigInt(kv.mod_revision),
): EventFingerprint {
  return new LazyFingerprint(revision, type === 'Delete', kv);
}

class LazyFingerprint implements EventFingerprint {
  /** @param source the event, until its digest replaces it */
  constructor(
    readonly revision: bigint,
    readonly deleted: boolean,
    private source: FingerprintedKv | string,
  ) {}

  get digest(): string {
    if (typeof this.source !== 'string') this.source = digestOf(this.source, this.deleted);
    return this.source;
  }
}

function digestOf({ key, value, lease }: FingerprintedKv, deleted: boolean): string {
  const hash = createHash('sha256')
    .update(`${deleted ? 'Delete' : 'Put'}\0${key.length}\0`)
    .update(key);
  if (!deleted) hash.update(`${lease}\0`).update(value);
  return hash.digest('base64url').slice(0, 16);
}

/** The fingerprint of the most recent put; undefined for an empty list. */
export function newestFingerprint(kvs: readonly FingerprintedKv[]): EventFingerprint | undefined {
  let newest: FingerprintedKv | undefined;
  for (const kv of kvs) if (!newest || BigInt(kv.mod_revision) > BigInt(newest.mod_revision)) newest = kv;
  return newest && fingerprintOf(newest, 'Put');
}
