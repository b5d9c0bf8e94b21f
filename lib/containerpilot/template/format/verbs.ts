import { encodeRune, isRune, runeAt } from '../values/bytes.js';
import { isPrintable } from '../values/unicode.js';
import { type Complex } from '../values/value.js';
import { pad, type Flags } from './flags.js';
import { formatFloat } from './float.js';
import { canBackquote, quoteChar, quoteString } from './quote.js';

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const UINT = 2n ** 64n;

/** Formats an integer. Returns undefined if the verb does not support integers; the functions below do the same. */
export function formatInt(value: bigint, verb: string, flags: Flags): string | undefined {
  const base = BASES[verb];
  if (base !== undefined) return digits(value, base, verb, flags);
  const unsigned = value < 0n ? value + UINT : value;
  const code = unsigned <= 0x10ffffn ? Number(unsigned) : 0xfffd;
  if (verb === 'c') return pad(encodeRune(code), flags);
  if (verb === 'q') return pad(quoteChar(code, flags.plus), flags);
  return verb === 'U' ? unicode(unsigned, flags) : undefined;
}

function digits(value: bigint, base: number, verb: string, flags: Flags): string {
  const { precision, width } = flags;
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0);
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  let text = (value < 0n ? -value : value).toString(base);
  if (verb === 'X') text = text.toUpperCase();
  const minDigits = precision ?? (flags.zero && width !== undefined ? width - sign.length : 0);
  text = text.padStart(minDigits, '0');
  if (flags.sharp) {
    if (base === 2) text = `0b${text}`;
    if (base === 8 && !text.startsWith('0')) text = `0${text}`;
    if (base === 16) text = `${verb === 'X' ? '0X' : '0x'}${text}`;
  }
  if (verb === 'O') text = `0o${text}`;
  return pad(sign + text, flags, false);
}

function unicode(code: bigint, flags: Flags): string {
  const number = Number(code);
  const char = flags.sharp && isRune(number) && isPrintable(number) ? ` '${encodeRune(number)}'` : '';
  const hex = code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 4, 4), '0');
  return pad(`U+${hex}${char}`, flags, false);
}

/** Formats a bool. */
export function formatBool(value: boolean, verb: string, flags: Flags): string | undefined {
  return verb === 't' || verb === 'v' ? pad(String(value), flags) : undefined;
}

/** The format and the default precision of each verb for floats. */
const FLOATS: Readonly<Record<string, readonly [format: string, precision: number]>> = {
  v: ['g', -1],
  g: ['g', -1],
  G: ['G', -1],
  b: ['b', -1],
  x: ['x', -1],
  X: ['X', -1],
  f: ['f', 6],
  F: ['f', 6],
  e: ['e', 6],
  E: ['E', 6],
};

/** Formats a float. */
export function formatFloatVerb(value: number, verb: string, flags: Flags): string | undefined {
  const [format, defaultPrecision] = FLOATS[verb] ?? [];
  if (format === undefined || defaultPrecision === undefined) return undefined;
  const precision = flags.precision ?? defaultPrecision;
  let number = formatFloat(value, format, precision);
  if (flags.space && number.startsWith('+') && !flags.plus) number = ` ${number.slice(1)}`;
  if (/^.[IN]/.test(number)) {
    if (number.charAt(1) === 'N' && !flags.space && !flags.plus) number = number.slice(1);
    return pad(number.startsWith('+') && !flags.plus ? number.slice(1) : number, flags, false);
  }
  if (flags.sharp && format !== 'b') number = withPoint(number, format, precision);
  if (!flags.plus && number.startsWith('+')) return pad(number.slice(1), flags);
  const { width = 0 } = flags;
  return flags.zero && width > number.length
    ? number.charAt(0) + number.slice(1).padStart(width - 1, '0')
    : pad(number, flags);
}

/** Applies the flag `#`: keeps the decimal point, and trailing zeros in the formats g, G and x. */
function withPoint(number: string, format: string, precision: number): string {
  const [, sign = '', head = '', tail = ''] =
    (/x/i.test(format) ? /^(.)(.*?)([pP].*)?$/ : /^(.)(.*?)([eE].*)?$/).exec(number) ?? [];
  let missing = /[gGx]/.test(format) ? (precision < 0 ? 6 : precision) : 0;
  const significant = head.replace('.', '').replace(/^0+/, '');
  missing -= significant.length;
  if (head === '0') missing -= 1;
  return `${sign}${head}${head.includes('.') ? '' : '.'}${'0'.repeat(Math.max(missing, 0))}${tail}`;
}

/** Formats a complex number. */
export function formatComplex({ re, im }: Complex, verb: string, flags: Flags): string | undefined {
  const real = formatFloatVerb(re, verb, flags);
  const imaginary = formatFloatVerb(im, verb, { ...flags, plus: true });
  return real === undefined || imaginary === undefined ? undefined : `(${real}${imaginary}i)`;
}

/** Formats a string. */
export function formatString(value: string, verb: string, flags: Flags): string | undefined {
  if (verb === 's' || (verb === 'v' && !flags.sharpV)) return pad(truncateRunes(value, flags), flags);
  if (verb === 'v' || verb === 'q') {
    const text = truncateRunes(value, flags);
    return pad(flags.sharp && canBackquote(text) ? `\`${text}\`` : quoteString(text, flags.plus), flags);
  }
  return verb === 'x' || verb === 'X' ? hexString(value, verb, flags) : undefined;
}

function truncateRunes(value: string, { precision }: Flags): string {
  if (precision === undefined) return value;
  let at = 0;
  for (let count = 0; count < precision && at < value.length; count += 1) at += runeAt(value, at).size;
  return value.slice(0, at);
}

function hexString(value: string, verb: string, flags: Flags): string {
  const bytes = Array.from(value.slice(0, flags.precision ?? value.length), (char) =>
    char.charCodeAt(0).toString(16).padStart(2, '0'),
  );
  const prefix = flags.sharp && bytes.length > 0 ? '0x' : '';
  const text = flags.space ? bytes.map((byte) => prefix + byte).join(' ') : prefix + bytes.join('');
  return pad(verb === 'X' ? text.toUpperCase() : text, flags);
}
