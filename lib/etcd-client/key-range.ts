/** A range of keys as etcd writes it: one key, or all from `key` to `rangeEnd`, exclusive. */
export interface Keys {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** As the end of a range: there is none. */
const UNBOUNDED = Buffer.from([0]);

/** Whether `key` lies in a range. */
export function isInRange({ key: from, rangeEnd }: Keys, key: Buffer): boolean {
  if (!rangeEnd) return key.equals(from);
  return key.compare(from) >= 0 && (rangeEnd.equals(UNBOUNDED) || key.compare(rangeEnd) < 0);
}
