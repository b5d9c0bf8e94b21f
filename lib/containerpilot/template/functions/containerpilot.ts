import { CallFailure } from '../failure.js';
import { print } from '../format/print.js';
import { TEMPLATE_LIMITS } from '../limits.js';
import { runeAt, runes } from '../values/bytes.js';
import { isUnicodeSpace } from '../values/unicode.js';
import { List, typeName, type Value } from '../values/value.js';
import { type Functions } from './function.js';
import { regexReplaceAll } from './regex.js';

function trimSpace(bytes: string): string {
  let from = 0;
  for (let rune = runeAt(bytes, from); isUnicodeSpace(rune.code); rune = runeAt(bytes, from))
    from += rune.size;
  let to = bytes.length;
  while (to > from) {
    // A code point has at most four bytes. The last one is the longest valid sequence that ends here.
    const size = [4, 3, 2, 1].find((count) => runeAt(bytes, to - count).size === count) ?? 1;
    if (to - size < from || !isUnicodeSpace(runeAt(bytes, to - size).code)) break;
    to -= size;
  }
  return bytes.slice(from, to);
}

function split(separator: string, text: string): List {
  const trimmed = trimSpace(text);
  if (trimmed === '') return new List('string', []);
  return new List(
    'string',
    separator === '' ? Array.from(runes(trimmed), (rune) => rune.bytes) : trimmed.split(separator),
  );
}

function replaceAll(from: string, to: string, text: string): string {
  if (from !== '') return text.split(from).join(to);
  // An empty string matches before every code point and at the end.
  return [...runes(text)].map((rune) => to + rune.bytes).join('') + to;
}

function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'string')
    throw new CallFailure(`Expected an int or a string of digits, got ${typeName(value)}.`);
  const number =
    /^[-+]?\d+$/.test(value) && value.length < 100 ? BigInt(value.replace(/^\+/, '')) : undefined;
  if (number === undefined || BigInt.asIntN(64, number) !== number)
    throw new CallFailure('Expected an int or a string of digits, got another string.');
  return number;
}

/** The capacity of a Go slice to which `length` elements were appended one by one. */
function appendedCapacity(length: number): number {
  return length === 0 ? 0 : length > 512 ? length : 2 ** Math.ceil(Math.log2(length));
}

function loop(args: readonly Value[]): List {
  const [first, second] = args;
  if (first === undefined || args.length > 2)
    throw new CallFailure(`Expected one or two numbers, got ${args.length}.`);
  const start = second === undefined ? 0n : toInt(first);
  const stop = toInt(second === undefined ? first : second);
  const step = stop < start ? -1n : 1n;
  const length = (stop - start) * step;
  if (length > BigInt(TEMPLATE_LIMITS.loop))
    throw new CallFailure(`Expected at most ${TEMPLATE_LIMITS.loop} numbers, got ${length}.`);
  const numbers = Array.from({ length: Number(length) }, (_, i) => start + step * BigInt(i));
  return new List('int', numbers, appendedCapacity(numbers.length));
}

/** Budget that splitting off one character costs, in bytes. */
const SPLIT_COST = 16;

/** The functions that ContainerPilot adds to Go's text/template. */
export const CONTAINERPILOT: Functions = {
  default: {
    parameters: ['any', 'any'],
    call: ([fallback = null, value], { budget }) => {
      if (typeof value === 'string' && value !== '') return value;
      return typeof fallback === 'string' ? fallback : print([fallback], budget);
    },
  },
  env: { parameters: ['string'], call: ([name], { environment }) => environment.get(name as string) },
  split: {
    parameters: ['string', 'string'],
    call: ([separator, text], { budget }) => {
      budget.charge((separator === '' ? SPLIT_COST : 2) * (text as string).length);
      return split(separator as string, text as string);
    },
  },
  join: {
    parameters: ['string', 'strings'],
    call: ([separator, list], { budget }) => {
      if (!(list instanceof List)) return '';
      const parts = [...list] as string[];
      const length = parts.reduce(
        (sum, part) => sum + part.length,
        (separator as string).length * Math.max(0, parts.length - 1),
      );
      budget.charge(length);
      if (length > TEMPLATE_LIMITS.sizeBytes)
        throw new CallFailure(
          `Expected a value of at most ${TEMPLATE_LIMITS.sizeBytes} bytes, got ${length}.`,
        );
      return parts.join(separator as string);
    },
  },
  replaceAll: {
    parameters: ['string', 'string', 'string'],
    call: ([from, to, text], { budget }) => {
      const found =
        from === '' ? (text as string).length + 1 : (text as string).split(from as string).length - 1;
      budget.charge(4 * (text as string).length + found * (to as string).length);
      return budget.chargeValue(replaceAll(from as string, to as string, text as string));
    },
  },
  regexReplaceAll: {
    parameters: ['string', 'string', 'string'],
    call: ([pattern, replacement, text], { budget }) =>
      budget.chargeValue(regexReplaceAll(pattern as string, replacement as string, text as string, budget)),
  },
  loop: {
    parameters: ['any'],
    variadic: true,
    call: (args, { budget }) => {
      const numbers = loop(args);
      budget.charge(8 * numbers.length);
      return numbers;
    },
  },
};
