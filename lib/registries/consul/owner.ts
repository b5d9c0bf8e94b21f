import { randomInt } from 'node:crypto';

/**
 * The id of a session: 48 random bits as twelve hexadecimal digits. An instance has it in its metadata, a key in its
 * flags. Consul's own session ids cannot serve: a session with keys and instances needs one id for both, and a session
 * with instances alone has no Consul session.
 */
export type OwnerId = string;

const BITS_48 = 2 ** 48;

/**
 * The five bits above the id, which mark a key's flags as this library's. Mark and id together fit into a JavaScript
 * integer.
 */
const OWNER_MARK = 0b10101;

/** Generates a random id. */
export function newOwnerId(): OwnerId {
  return randomInt(BITS_48 - 1)
    .toString(16)
    .padStart(12, '0');
}

/** The flags of a key that the session `owner` keeps alive. */
export function flagsOf(owner: OwnerId): number {
  return OWNER_MARK * BITS_48 + Number.parseInt(owner, 16);
}

/** The owner that a key's flags name; undefined where another client wrote them. */
export function ownerOf(flags: unknown): OwnerId | undefined {
  if (typeof flags !== 'number' || !Number.isSafeInteger(flags)) return undefined;
  if (Math.floor(flags / BITS_48) !== OWNER_MARK) return undefined;
  return (flags % BITS_48).toString(16).padStart(12, '0');
}
