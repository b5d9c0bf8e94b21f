const LETTER = /^\p{L}$/u;
const DIGIT = /^\p{Nd}$/u;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;
const SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u;

function is(pattern: RegExp, code: number): boolean {
  return code >= 0 && pattern.test(String.fromCodePoint(code));
}

const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));
const ASCII_ALPHANUMERIC = ASCII.map((char) => /\w/.test(char));
const ASCII_SPACE = ASCII.map((char) => SPACE.test(char));

/** A letter, a digit or `_`: what names are made of. */
export function isAlphaNumeric(code: number): boolean {
  return ASCII_ALPHANUMERIC[code] ?? (is(LETTER, code) || is(DIGIT, code));
}

/** What `%q` and `js` leave as it is: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrintable(code: number): boolean {
  return code < 0x80 ? code >= 0x20 && code < 0x7f : is(PRINTABLE, code);
}

/** White space as `strings.TrimSpace` has it. */
export function isUnicodeSpace(code: number): boolean {
  return ASCII_SPACE[code] ?? is(SPACE, code);
}
