import { randomInt } from 'node:crypto';

/**
 * The id of one of our sessions, in a form that fits into everything that belongs to it: 48 random bits as twelve
 * hexadecimal digits, kept with an instance in its metadata and with a key in its flags. Consul's own session ids are
 * not it: a session that has keys and instances needs one id for both, and one with instances alone needs no Consul
 * session at all.
 */
export type OwnerId = string;

const BITS_48 = 2 ** 48;

/** Says in the five bits above the id that the flags of a key are ours. Together they fit a JavaScript number. */
const MARK = 0b10101;

/** A new id. */
export function newOwnerId(): OwnerId {
  return randomInt(BITS_48 - 1)
    .toString(16)
    .padStart(12, '0');
}

/** The flags of a key that `owner` keeps alive. */
export function flagsOf(owner: OwnerId): number {
  return MARK * BITS_48 + Number.parseInt(owner, 16);
}

/** Whose key has these flags; undefined where they are not ours. */
export function ownerOf(flags: unknown): OwnerId | undefined {
  if (typeof flags !== 'number' || !Number.isSafeInteger(flags)) return undefined;
  if (Math.floor(flags / BITS_48) !== MARK) return undefined;
  return (flags % BITS_48).toString(16).padStart(12, '0');
}
