import { CallFailure } from '../failure.js';
import { type Budget, TEMPLATE_LIMITS } from '../limits.js';
import { Byte, Complex, Environment, List, typeName, type Value } from '../values/value.js';
import { noFlags, pad, type Flags } from './flags.js';
import { formatBool, formatComplex, formatFloatVerb, formatInt, formatString } from './verbs.js';

const PLAIN = Object.freeze(noFlags());

/** Formats a value for `{{value}}`. */
export function formatOutput(value: Value): string {
  return value === null ? '<no value>' : formatValue(value, 'v', PLAIN);
}

/** Formats the arguments of an escaping function. Nil becomes `<no value>`. */
export function printArguments(args: readonly Value[]): string {
  return print(args.map((arg) => arg ?? '<no value>'));
}

/** Go's `Sprint`: concatenates arguments, with a space between two that are not strings. */
export function print(args: readonly Value[], budget?: Budget): string {
  let text = '';
  args.forEach((arg, i) => {
    const previous = args[i - 1];
    if (i > 0 && typeof arg !== 'string' && typeof previous !== 'string') text += ' ';
    const formatted = formatValue(arg, 'v', PLAIN);
    budget?.chargeValue(formatted);
    text += formatted;
  });
  return text;
}

/** Go's `Sprintln`: joins arguments with spaces and adds a new line. */
export function println(args: readonly Value[], budget: Budget): string {
  return `${args.map((arg) => budget.chargeValue(formatValue(arg, 'v', PLAIN))).join(' ')}\n`;
}

/** Formats a value with a verb. A verb that does not support the type gives `%!verb(type=value)`. */
export function formatValue(value: Value, verb: string, flags: Flags): string {
  if (value === null) return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : bad(value, verb, flags);
  if (verb === 'T') return formatString(typeName(value), 's', flags) ?? '';
  // Go rejects these two verbs for every type, also for slices and maps.
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

/**
 * Formats each element.
 *
 * @throws CallFailure when the result exceeds the maximum size of a value
 */
function each<T>(elements: Iterable<T>, format: (element: T) => string): string[] {
  const items: string[] = [];
  let size = 0;
  for (const element of elements) {
    const item = format(element);
    size += item.length + 1;
    if (size > TEMPLATE_LIMITS.sizeBytes)
      throw new CallFailure(`Expected a value of at most ${TEMPLATE_LIMITS.sizeBytes} bytes.`);
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

/** Go's output for a verb that does not support the type. The flags still apply to the value in it. */
function bad(value: Value, verb: string, flags: Flags): string {
  const description = value === null ? '<nil>' : `${typeName(value)}=${nested(value, 'v', flags)}`;
  return `%!${verb}(${description})`;
}
