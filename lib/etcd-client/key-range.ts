/** A range of keys as in etcd's API: one key, or all from `key` to `rangeEnd`, exclusive. */
export interface Keys {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** A range end that means: all keys from `key` on. */
const UNBOUNDED = Buffer.from([0]);

/** Whether a range contains `key`. */
export function isInRange({ key: from, rangeEnd }: Keys, key: Buffer): boolean {
  if (!rangeEnd) return key.equals(from);
  return key.compare(from) >= 0 && (rangeEnd.equals(UNBOUNDED) || key.compare(rangeEnd) < 0);
}
