const FNV_PRIME = 0x01_00_01_93;
const FNV_OFFSET = 0x81_1c_9d_c5;
const TWO_TO_32 = 2 ** 32;

/** Spreads an integer over 32 bits: the finalizer of MurmurHash3. */
export function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Hashes a string to 32 bits, unsigned: FNV-1a over its UTF-16 code units, then {@link mix}. Equal in every process, so
 * that clients agree.
 */
export function hashString(text: string, seed = 0): number {
  let hash = FNV_OFFSET ^ seed;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return mix(hash);
}

/** Hashes a key to 32 bits, unsigned. The number 7 and the string '7' are different keys. */
export function hashKey(key: string | number): number {
  if (typeof key === 'string') return hashString(key);
  if ((key | 0) === key) return mix(key);
  if (Number.isSafeInteger(key)) return mix(mix(key) ^ Math.floor(key / TWO_TO_32));
  return hashString(String(key));
}
