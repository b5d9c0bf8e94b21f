/**
 * Go's strings are bytes. Inside the engine each character of a string is one byte (0 to 255), so that lengths, indexes,
 * slices and escapes are the same as in Go. Strings are converted on the way in and out.
 */

/** Encodes a string as UTF-8, with one character for each byte. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Decodes UTF-8 bytes. Invalid bytes become U+FFFD. */
export function toText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The code point for an invalid byte, as in Go's unicode/utf8. */
export const RUNE_ERROR = 0xfffd;

/** A decoded code point. An invalid byte is {@link RUNE_ERROR} with `size` 1. At the end `size` is 0. */
export interface Rune {
  readonly code: number;
  readonly size: number;
}

const END: Rune = { code: -1, size: 0 };
const INVALID: Rune = { code: RUNE_ERROR, size: 1 };

/** The smallest code point for each sequence length. A smaller one is an overlong encoding. */
const MIN_CODE = [0, 0, 0x80, 0x800, 0x10000];

/** Decodes the code point at byte `at`. */
export function runeAt(bytes: string, at: number): Rune {
  if (at >= bytes.length) return END;
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { code: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return INVALID;
  let code = first & (0x7f >> size);
  for (let i = 1; i < size; i += 1) {
    const next = bytes.charCodeAt(at + i);
    if ((next & 0xc0) !== 0x80) return INVALID;
    code = (code << 6) | (next & 0x3f);
  }
  return code < (MIN_CODE[size] ?? 0) || !isRune(code) ? INVALID : { code, size };
}

/** Whether `code` is a Unicode scalar value. */
export function isRune(code: number): boolean {
  return code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/** Encodes one code point as UTF-8. An invalid one becomes U+FFFD. */
export function encodeRune(code: number): string {
  if (code >= 0 && code < 0x80) return String.fromCharCode(code);
  return toBytes(String.fromCodePoint(isRune(code) ? code : RUNE_ERROR));
}

/** Decodes all code points, with their bytes. Each invalid byte is yielded separately. */
export function* runes(bytes: string): Generator<Rune & { readonly bytes: string }> {
  for (let at = 0; at < bytes.length;) {
    const { code, size } = runeAt(bytes, at);
    yield { code, size, bytes: bytes.slice(at, at + size) };
    at += size;
  }
}

/** The number of code points. */
export function runeCount(bytes: string): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let at = 0; at < bytes.length; at += runeAt(bytes, at).size) count += 1;
  return count;
}

/** Whether all bytes are ASCII. */
export function isAscii(bytes: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII contains control characters
  return /^[\x00-\x7f]*$/.test(bytes);
}
