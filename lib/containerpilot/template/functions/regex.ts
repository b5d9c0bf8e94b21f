import { RE2JS, type Matcher } from 're2js';
import { CallFailure } from '../failure.js';
import { type Budget } from '../limits.js';
import { isAscii, runeAt, runes, toBytes, toText } from '../values/bytes.js';
import { isAlphaNumeric } from '../values/unicode.js';

const MAX_PATTERN_LENGTH = 4_096;
/** Budget that each instruction of a compiled pattern costs, in bytes. */
const COMPILE_COST = 256;
/** Budget that each instruction costs for each character of the input, in bytes. */
const MATCH_COST = 1;
/** Budget that decoding a byte costs if the input is not ASCII, in bytes. */
const DECODE_COST = 16;

function compile(bytes: string, budget: Budget): RE2JS {
  const pattern = toText(bytes);
  if (toBytes(pattern) !== bytes) throw new CallFailure('Expected a regular expression in UTF-8.');
  if (pattern.length > MAX_PATTERN_LENGTH)
    throw new CallFailure(`Expected a regular expression of at most ${MAX_PATTERN_LENGTH} characters.`);
  budget.charge(COMPILE_COST * pattern.length);
  try {
    const compiled = RE2JS.compile(pattern);
    budget.charge(COMPILE_COST * compiled.programSize());
    return compiled;
  } catch (error) {
    if (error instanceof CallFailure) throw error;
    // Removes the quoted pattern, because it may come from the environment.
    const why = (error instanceof Error ? error.message : String(error)).replace(/: `[^]*$/, '');
    throw new CallFailure(`Expected a regular expression in RE2 syntax: ${why}.`);
  }
}

/** Decodes the input, with the byte offset of each UTF-16 code unit. ASCII input needs no offsets. */
function decode(
  bytes: string,
  budget: Budget,
): { readonly text: string; readonly offsets?: readonly number[] } {
  if (isAscii(bytes)) return { text: bytes };
  budget.charge(DECODE_COST * bytes.length);
  const chars: string[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const { code, size } of runes(bytes)) {
    chars.push(String.fromCodePoint(code));
    offsets.push(...(code > 0xffff ? [at, at] : [at]));
    at += size;
  }
  return { text: chars.join(''), offsets: [...offsets, at] };
}

/** The index of a group by number or name, or undefined if there is none. A number with a leading zero is a name. */
function groupIndex(matcher: Matcher, name: string): number | undefined {
  const index = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : matcher.namedGroups[name];
  return index !== undefined && index <= matcher.groupCount() ? index : undefined;
}

function wordEnd(bytes: string, from: number): number {
  let at = from;
  for (let rune = runeAt(bytes, at); isAlphaNumeric(rune.code); rune = runeAt(bytes, at)) at += rune.size;
  return at;
}

/** Expands `$$`, `$name` and `${name}`. A name is as long as possible: `$1x` is the group `1x`. */
function expand(replacement: string, group: (name: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  for (let dollar = replacement.indexOf('$'); dollar >= 0; dollar = replacement.indexOf('$', at)) {
    parts.push(replacement.slice(at, dollar));
    const braced = replacement[dollar + 1] === '{';
    const start = dollar + (braced ? 2 : 1);
    const end = wordEnd(replacement, start);
    const wellFormed = end > start && (!braced || replacement[end] === '}');
    if (wellFormed) parts.push(group(toText(replacement.slice(start, end))));
    else parts.push('$');
    if (wellFormed) at = braced ? end + 1 : end;
    else at = replacement[dollar + 1] === '$' ? dollar + 2 : dollar + 1;
  }
  return parts.join('') + replacement.slice(at);
}

/**
 * Go's `ReplaceAllString`: replaces all matches, in linear time. An empty match directly after another match is ignored.
 *
 * @throws CallFailure when the pattern is invalid or the budget is exceeded
 */
export function regexReplaceAll(pattern: string, replacement: string, bytes: string, budget: Budget): string {
  const compiled = compile(pattern, budget);
  const { text, offsets } = decode(bytes, budget);
  const part = (from: number, to: number): string =>
    offsets ? bytes.slice(offsets[from], offsets[to]) : bytes.slice(from, to);
  const matcher = compiled.matcher(text);
  const group = (name: string): string => {
    const index = groupIndex(matcher, name);
    const start = index === undefined ? -1 : matcher.start(index);
    return start < 0 ? '' : part(start, matcher.end(index));
  };
  const cost = 1 + compiled.programSize() * MATCH_COST;
  const parts: string[] = [];
  let last = 0;
  for (let from = 0; from <= text.length;) {
    budget.charge((text.length - from) * cost + 1);
    if (!matcher.find(from)) break;
    const start = matcher.start();
    const end = matcher.end();
    parts.push(part(last, start));
    if (end > last || start === 0) parts.push(budget.chargeValue(expand(replacement, group)));
    last = end;
    const width = (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
    from = Math.max(from + width, end);
  }
  parts.push(part(last, text.length));
  return parts.join('');
}
