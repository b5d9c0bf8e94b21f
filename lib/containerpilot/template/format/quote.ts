import { encodeRune, isRune, RUNE_ERROR, runes } from '../values/bytes.js';
import { isPrintable } from '../values/unicode.js';

const NAMED: Readonly<Record<number, string>> = {
  7: 'a',
  8: 'b',
  9: 't',
  10: 'n',
  11: 'v',
  12: 'f',
  13: 'r',
};

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

function escape(code: number, quote: string, ascii: boolean): string {
  if (code === quote.charCodeAt(0) || code === 0x5c) return `\\${String.fromCharCode(code)}`;
  if ((code < 0x80 || !ascii) && isPrintable(code)) return encodeRune(code);
  const named = NAMED[code];
  if (named !== undefined) return `\\${named}`;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** Formats a string as a Go literal. */
export function quoteString(bytes: string, ascii: boolean): string {
  const parts = Array.from(runes(bytes), ({ code, size, bytes: one }) =>
    code === RUNE_ERROR && size === 1 ? `\\x${hex(one.charCodeAt(0), 2)}` : escape(code, '"', ascii),
  );
  return `"${parts.join('')}"`;
}

/** Formats a code point as a Go character literal. */
export function quoteChar(code: number, ascii: boolean): string {
  return `'${escape(isRune(code) ? code : RUNE_ERROR, "'", ascii)}'`;
}

/** Whether the string can be a raw string literal in backquotes. */
export function canBackquote(bytes: string): boolean {
  for (const { code, size } of runes(bytes)) {
    if (code === 0xfeff || (code === RUNE_ERROR && size === 1)) return false;
    if ((code < 0x20 && code !== 9) || code === 0x60 || code === 0x7f) return false;
  }
  return true;
}
