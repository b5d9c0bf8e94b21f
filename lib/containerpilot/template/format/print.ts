import { CallFailure } from '../failure.js';
import { type Budget, TEMPLATE_LIMITS } from '../limits.js';
import { Byte, Complex, Environment, List, typeName, type Value } from '../values/value.js';
import { noFlags, pad, type Flags } from './flags.js';
import { formatBool, formatComplex, formatFloatVerb, formatInt, formatString } from './verbs.js';

const PLAIN = Object.freeze(noFlags());

/** A value as `{{value}}` writes it. */
export function show(value: Value): string {
  return value === null ? '<no value>' : formatValue(value, 'v', PLAIN);
}

/** The arguments of a function that escapes text: nothing is `<no value>` here. */
export function printArguments(args: readonly Value[]): string {
  return print(args.map((arg) => arg ?? '<no value>'));
}

/** Arguments one after the other, with a space between two of which neither is a string. */
export function print(args: readonly Value[], budget?: Budget): string {
  let text = '';
  args.forEach((arg, i) => {
    const before = args[i - 1];
    if (i > 0 && typeof arg !== 'string' && typeof before !== 'string') text += ' ';
    const shown = formatValue(arg, 'v', PLAIN);
    budget?.made(shown);
    text += shown;
  });
  return text;
}

/** Arguments with a space between each two, and a new line at the end. */
export function println(args: readonly Value[], budget: Budget): string {
  return `${args.map((arg) => budget.made(formatValue(arg, 'v', PLAIN))).join(' ')}\n`;
}

/** A value as a verb shows it. What a verb cannot show becomes `%!verb(type=value)`. */
export function formatValue(value: Value, verb: string, flags: Flags): string {
  if (value === null) return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : bad(value, verb, flags);
  if (verb === 'T') return formatString(typeName(value), 's', flags) ?? '';
  // Go refuses these two before it looks into a list or a map.
  if (verb === 'p' || verb === 'w') return bad(value, verb, flags);
  return nested(value, verb, flags);
}

function nested(value: Value, verb: string, flags: Flags): string {
  if (value instanceof List)
    return group(
      value,
      flags,
      '[',
      each(value, (element) => nested(element, verb, flags)),
    );
  if (value instanceof Environment) {
    const entry = ([name, text]: readonly [string, string]): string =>
      `${nested(name, verb, flags)}:${nested(text, verb, flags)}`;
    return group(value, flags, 'map[', each(value.entries(), entry));
  }
  return scalar(value, verb, flags) ?? bad(value, verb, flags);
}

/** Each element as it is shown; stopped where all of them would make too long a text. */
function each<T>(elements: Iterable<T>, shown: (element: T) => string): string[] {
  const items: string[] = [];
  let size = 0;
  for (const element of elements) {
    const item = shown(element);
    size += item.length + 1;
    if (size > TEMPLATE_LIMITS.size)
      throw new CallFailure(`Expected a value of at most ${TEMPLATE_LIMITS.size} bytes.`);
    items.push(item);
  }
  return items;
}

function group(value: Value, flags: Flags, open: string, items: readonly string[]): string {
  return flags.sharpV ? `${typeName(value)}{${items.join(', ')}}` : `${open}${items.join(' ')}]`;
}

function scalar(value: Value, verb: string, flags: Flags): string | undefined {
  if (typeof value === 'string') return formatString(value, verb, flags);
  if (typeof value === 'bigint') return formatInt(value, verb, flags);
  if (typeof value === 'boolean') return formatBool(value, verb, flags);
  if (typeof value === 'number') return formatFloatVerb(value, verb, flags);
  if (value instanceof Complex) return formatComplex(value, verb, flags);
  if (!(value instanceof Byte)) return undefined;
  return verb === 'v' && flags.sharpV
    ? formatInt(BigInt(value.value), 'x', { ...flags, sharp: true })
    : formatInt(BigInt(value.value), verb, flags);
}

/** A verb that has no form for the value. The flags stay in force for the value within. */
function bad(value: Value, verb: string, flags: Flags): string {
  const shown = value === null ? '<nil>' : `${typeName(value)}=${nested(value, 'v', flags)}`;
  return `%!${verb}(${shown})`;
}
