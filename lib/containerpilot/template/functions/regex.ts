import { RE2JS, type Matcher } from 're2js';
import { CallFailure } from '../failure.js';
import { type Budget } from '../limits.js';
import { toBytes, toText } from '../values/bytes.js';

const MAX_PATTERN = 4_096;
/** What an instruction of a compiled pattern costs, in the units of the budget. */
const COMPILE_COST = 64;
/** How many instructions pass over a character in the time of one unit. */
const MATCH_SHARE = 8;

/** `$$`, `$name` and `${name}`; a name is all the letters, digits and underscores that follow, so `$1x` is `1x`. */
const REFERENCE = /\$(?:(?<dollar>\$)|(?<bare>[\p{L}\p{Nd}_]+)|\{(?<braced>[\p{L}\p{Nd}_]+)\})/gu;

function compile(pattern: string, budget: Budget): RE2JS {
  if (pattern.length > MAX_PATTERN)
    throw new CallFailure(`Expected a regular expression of at most ${MAX_PATTERN} characters.`);
  budget.charge(COMPILE_COST * pattern.length);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new CallFailure(
      `Expected a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  budget.charge(COMPILE_COST * compiled.programSize());
  return compiled;
}

/** The number or name of a group; a number with a leading zero is a name. Empty where there is no such group. */
function group(matcher: Matcher, name: string): string {
  const index = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : matcher.namedGroups[name];
  if (index === undefined || index > matcher.groupCount()) return '';
  return matcher.group(index) ?? '';
}

function expand(replacement: string, matcher: Matcher): string {
  return replacement.replace(REFERENCE, (...found) => {
    const { dollar, bare, braced } = found.at(-1) as Record<string, string | undefined>;
    return dollar ?? group(matcher, bare ?? braced ?? '');
  });
}

/** Every match replaced, in linear time; a match of nothing right behind another match is none. */
export function regexReplaceAll(pattern: string, replacement: string, bytes: string, budget: Budget): string {
  const compiled = compile(toText(pattern), budget);
  const text = toText(bytes);
  const template = toText(replacement);
  const matcher = compiled.matcher(text);
  const share = 1 + compiled.programSize() / MATCH_SHARE;
  const parts: string[] = [];
  let last = 0;
  for (let from = 0; from <= text.length;) {
    budget.charge((text.length - from) * share + 1);
    if (!matcher.find(from)) break;
    const start = matcher.start();
    const end = matcher.end();
    parts.push(text.slice(last, start));
    if (end > last || start === 0) parts.push(budget.made(expand(template, matcher)));
    last = end;
    const width = (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
    from = Math.max(from + width, end);
  }
  parts.push(text.slice(last));
  return toBytes(parts.join(''));
}
