import { runeAt } from '../values/bytes.js';
import { isAlphaNumeric } from '../values/unicode.js';

/** Patterns for the extent of a number. They accept some invalid numbers, which `parseNumber` rejects. */
const DECIMAL = /[-+]?(?:0)?[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?[\d_]*)?i?/y;
const HEXADECIMAL = /[-+]?0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][-+]?[\d_]*)?i?/y;
const OCTAL = /[-+]?0[oO][0-7_]*(?:\.[0-7_]*)?i?/y;
const BINARY = /[-+]?0[bB][01_]*(?:\.[01_]*)?i?/y;

function scan(input: string, at: number): number {
  for (const pattern of [HEXADECIMAL, OCTAL, BINARY, DECIMAL]) {
    pattern.lastIndex = at;
    if (pattern.test(input)) return pattern.lastIndex;
  }
  return at;
}

function isNameAt(input: string, at: number): boolean {
  return isAlphaNumeric(runeAt(input, at).code);
}

/** The end of the number that starts at `start`. For an invalid number `end` is the negated offset of the error. */
export function numberEnd(input: string, start: number): { readonly end: number; readonly complex: boolean } {
  const end = scan(input, start);
  if (isNameAt(input, end)) return { end: -end - 1, complex: false };
  if (input[end] !== '+' && input[end] !== '-') return { end, complex: false };
  const second = scan(input, end);
  if (isNameAt(input, second) || input[second - 1] !== 'i') return { end: -second, complex: true };
  return { end: second, complex: true };
}
