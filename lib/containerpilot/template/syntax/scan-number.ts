import { runeAt } from '../values/bytes.js';
import { isAlphaNumeric } from '../values/unicode.js';

/** Everything a number may be made of, in order; what is wrong with it in detail is found when it is read. */
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

function wordGoesOn(input: string, at: number): boolean {
  return isAlphaNumeric(runeAt(input, at).code);
}

/** Where the number that starts at `start` ends. A negative `end` is the place, negated, at which it goes wrong. */
export function numberEnd(input: string, start: number): { readonly end: number; readonly complex: boolean } {
  const end = scan(input, start);
  if (wordGoesOn(input, end)) return { end: -end - 1, complex: false };
  if (input[end] !== '+' && input[end] !== '-') return { end, complex: false };
  const second = scan(input, end);
  if (wordGoesOn(input, second) || input[second - 1] !== 'i') return { end: -second, complex: true };
  return { end: second, complex: true };
}
