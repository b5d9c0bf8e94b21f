/**
 * Go's strings are bytes. Inside the engine a string holds one byte a character (0 to 255), so that lengths, indexes,
 * slices and escapes count as Go counts them; only the edges convert.
 */

/** The UTF-8 bytes of a text, one a character. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text behind the bytes; what is not UTF-8 becomes U+FFFD. */
export function toText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** What a byte that belongs to no character decodes to. */
export const RUNE_ERROR = 0xfffd;

/** A decoded character; `size` is 1 with {@link RUNE_ERROR} for a broken byte, and 0 at the end. */
export interface Rune {
  readonly code: number;
  readonly size: number;
}

const END: Rune = { code: -1, size: 0 };
const BROKEN: Rune = { code: RUNE_ERROR, size: 1 };

/** The smallest code that needs a sequence of this length: anything shorter is an overlong form. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

/** The character that starts at byte `at`. */
export function runeAt(bytes: string, at: number): Rune {
  if (at >= bytes.length) return END;
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { code: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return BROKEN;
  let code = first & (0x7f >> size);
  for (let i = 1; i < size; i += 1) {
    const next = bytes.charCodeAt(at + i);
    if ((next & 0xc0) !== 0x80) return BROKEN;
    code = (code << 6) | (next & 0x3f);
  }
  return code < (SMALLEST[size] ?? 0) || !isRune(code) ? BROKEN : { code, size };
}

/** Whether `code` is a Unicode scalar value. */
export function isRune(code: number): boolean {
  return code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/** The bytes of one character; an invalid code becomes U+FFFD. */
export function encodeRune(code: number): string {
  if (code >= 0 && code < 0x80) return String.fromCharCode(code);
  return toBytes(String.fromCodePoint(isRune(code) ? code : RUNE_ERROR));
}

/** Every character with its bytes, broken bytes one by one. */
export function* runes(bytes: string): Generator<Rune & { readonly bytes: string }> {
  for (let at = 0; at < bytes.length;) {
    const { code, size } = runeAt(bytes, at);
    yield { code, size, bytes: bytes.slice(at, at + size) };
    at += size;
  }
}

/** How many characters the bytes make. */
export function runeCount(bytes: string): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let at = 0; at < bytes.length; at += runeAt(bytes, at).size) count += 1;
  return count;
}

/** Whether each byte is a character. */
export function isAscii(bytes: string): boolean {
  // eslint-disable-next-line no-control-regex -- the bytes of ASCII are exactly these
  return /^[\x00-\x7f]*$/.test(bytes);
}
