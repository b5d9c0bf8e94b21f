/** A range of keys as in etcd's API: one key, or all from `key` to `rangeEnd`, exclusive. */
export interface Keys {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** Whether a range contains `key`. */
export function isInRange({ key: from, rangeEnd }: Keys, key: Buffer): boolean {
  if (!rangeEnd) return key.equals(from);
  return key.compare(from) >= 0 && (isUnbounded(rangeEnd) || key.compare(rangeEnd) < 0);
}

/** Whether a range end means: all keys from `key` on. */
function isUnbounded(rangeEnd: Buffer): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}
