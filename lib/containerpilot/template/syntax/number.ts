import { Complex } from '../values/value.js';

/** A numeric literal with its value in each type it fits. {@link idealValue} selects the type by the syntax. */
export interface NumberLiteral {
  readonly text: string;
  readonly int?: bigint;
  readonly float?: number;
  readonly complex?: Complex;
}

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const INTEGER =
  /^[-+]?(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const DECIMAL_FLOAT = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const HEX_FLOAT =
  /^(?<sign>[-+]?)0[xX](?<whole>[\da-fA-F]*)(?:\.(?<part>[\da-fA-F]*))?[pP](?<power>[-+]?\d+)$/;

/** Parses an integer literal of any base and size. Returns undefined for any other string. */
function parseInteger(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return text.startsWith('-') ? -value : value;
}

/** Computes mantissa × 2^power with one rounding, half to even, as in IEEE 754. */
function scale(mantissa: bigint, power: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  // The exponent of the last bit of a float64 of this size. The smallest is 2^-1074.
  const last = Math.max(bits + power - 53, -1074);
  const drop = last - power;
  if (drop <= 0) return Number(mantissa) * 2 ** Math.min(power, 1100);
  if (drop > bits + 1) return 0;
  const shift = BigInt(drop);
  const floor = mantissa >> shift;
  const rest = mantissa - (floor << shift);
  const half = 1n << (shift - 1n);
  const rounded = rest > half || (rest === half && (floor & 1n) === 1n) ? floor + 1n : floor;
  // Two factors, because one factor below 2^-1022 would be subnormal.
  const first = Math.max(last, -1000);
  return Number(rounded) * 2 ** first * 2 ** (last - first);
}

function parseHexFloat(text: string): number | undefined {
  const groups = HEX_FLOAT.exec(text)?.groups;
  if (!groups) return undefined;
  const { sign, whole = '', part = '', power } = groups;
  if (whole + part === '') return undefined;
  const exponent = Math.max(-100_000, Math.min(100_000, Number(power) - 4 * part.length));
  const value = scale(BigInt(`0x${whole}${part}`), exponent);
  return sign === '-' ? -value : value;
}

/** Whether all underscores are between digits. The prefix of a base counts as a digit. */
function underscoresFit(text: string): boolean {
  const digits = text.replace(/^[-+]/, '').replace(/^0[xX]/, '0');
  const digit = /0[xX]/.test(text) ? '[\\da-fA-F]' : '\\d';
  return !new RegExp(`(?<!${digit})_|_(?!${digit})`).test(digits);
}

/** Parses a floating-point literal. Returns undefined for any other string and for values above the float64 range. */
function parseFloatLiteral(text: string): number | undefined {
  if (!underscoresFit(text)) return undefined;
  const plain = text.replaceAll('_', '');
  const value = DECIMAL_FLOAT.test(plain) ? Number(plain) : parseHexFloat(plain);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function isInt(value: bigint): boolean {
  return value <= MAX_INT && value >= -MAX_INT - 1n;
}

function fromFloat(text: string, float: number): NumberLiteral {
  if (Number.isInteger(float) && isInt(BigInt(float))) return { text, float, int: BigInt(float) };
  return { text, float };
}

function fromComplex(text: string, value: Complex): NumberLiteral {
  return value.im === 0 ? { ...fromFloat(text, value.re), complex: value } : { text, complex: value };
}

/** Parses a `number` or `complex` token. Returns an error message if it is invalid. */
export function parseNumber(text: string): NumberLiteral | string {
  if (text.endsWith('i')) {
    const pair = /^(?<re>.+?(?<![eEpP]))(?<im>[-+].+)i$/.exec(text)?.groups;
    const re = pair ? parseFloatLiteral(pair.re ?? '') : 0;
    const im = parseFloatLiteral(pair?.im ?? text.slice(0, -1));
    if (re === undefined || im === undefined) return `bad number "${text}"`;
    return fromComplex(text, new Complex(re, im));
  }
  const integer = parseInteger(text);
  if (integer !== undefined) {
    if (isInt(integer)) return { text, int: integer, float: Number(integer) };
    if (integer > 0n && integer <= MAX_UINT && !text.startsWith('+')) return { text, float: Number(integer) };
  }
  const float = parseFloatLiteral(text);
  if (float === undefined) return `bad number "${text}"`;
  return /[.eEpP]/.test(text) ? fromFloat(text, float) : `number "${text}" does not fit into 64 bits`;
}

/** The literal of a character constant, which is an int. */
export function charNumber(text: string, code: number): NumberLiteral {
  return { text, int: BigInt(code), float: code };
}

/**
 * The value of a literal for a parameter of any type: complex, else float if it is written as one, else int. Undefined if
 * the int does not fit into 64 bits.
 */
export function idealValue(literal: NumberLiteral): bigint | number | Complex | undefined {
  const { text, int, float, complex } = literal;
  if (complex) return complex;
  const hexInteger = /^0[xX]/.test(text) && !/[pP]/.test(text);
  if (float !== undefined && !hexInteger && !text.startsWith("'") && /[.eEpP]/.test(text)) return float;
  return int;
}
