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

/** Whether the code point may be part of a name: a letter, a digit or `_`. */
export function isAlphaNumeric(code: number): boolean {
  return ASCII_ALPHANUMERIC[code] ?? (is(LETTER, code) || is(DIGIT, code));
}

/** Whether `%q` and `js` keep the code point: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrintable(code: number): boolean {
  return code < 0x80 ? code >= 0x20 && code < 0x7f : is(PRINTABLE, code);
}

/** Whether Go's `strings.TrimSpace` removes the code point. */
export function isUnicodeSpace(code: number): boolean {
  return ASCII_SPACE[code] ?? is(SPACE, code);
}
