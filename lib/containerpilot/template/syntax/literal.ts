import { encodeRune, isRune, runeAt } from '../values/bytes.js';

const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

interface Unescaped {
  readonly code: number;
  /** Whether `code` is a code point to encode, and not a byte. */
  readonly rune: boolean;
  /** Offset after the character. */
  readonly end: number;
}

function hexEscape(text: string, at: number, digits: number): Unescaped | undefined {
  const hex = text.slice(at, at + digits);
  if (hex.length < digits || !/^[\da-fA-F]+$/.test(hex)) return undefined;
  const code = parseInt(hex, 16);
  if (digits === 2) return { code, rune: false, end: at + digits };
  return isRune(code) ? { code, rune: true, end: at + digits } : undefined;
}

/** The character or byte at `at` of a quoted literal, or undefined for an invalid escape. */
function unescape(text: string, at: number, quote: string): Unescaped | undefined {
  const first = text[at];
  if (first === undefined || first === quote) return undefined;
  if (first !== '\\') {
    const { code, size } = runeAt(text, at);
    return { code, rune: size > 1 || code > 0xff, end: at + size };
  }
  const kind = text[at + 1] ?? '';
  const simple = kind === quote ? quote.charCodeAt(0) : SIMPLE[kind];
  if (simple !== undefined) return { code: simple, rune: false, end: at + 2 };
  const digits = HEX_DIGITS[kind];
  if (digits !== undefined) return hexEscape(text, at + 2, digits);
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
  return octal === undefined ? undefined : { code: parseInt(octal, 8), rune: false, end: at + 4 };
}

/** The value of a string literal, given with its quotes. Returns undefined for an invalid escape. */
export function unquote(literal: string): string | undefined {
  const quote = literal.charAt(0);
  const end = literal.length - 1;
  if (quote === '`') return literal.slice(1, end).replaceAll('\r', '');
  const parts: string[] = [];
  for (let at = 1; at < end;) {
    const next = unescape(literal, at, quote);
    if (next === undefined) return undefined;
    // An invalid byte becomes the encoding of U+FFFD, as in Go. A byte escape such as `\xff` stays one byte.
    parts.push(next.rune ? encodeRune(next.code) : String.fromCharCode(next.code));
    at = next.end;
  }
  return parts.join('');
}

/** The code point of a character constant, given with its quotes. Returns undefined unless it has one character. */
export function unquoteChar(literal: string): number | undefined {
  const char = unescape(literal, 1, "'");
  return char?.end === literal.length - 1 ? char.code : undefined;
}
