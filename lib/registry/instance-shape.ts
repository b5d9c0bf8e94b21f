import { isHost, isPort } from '../common/address.js';
import { expected } from '../common/expected.js';
import { isName } from '../common/names.js';
import { completeInstance, type Instance, type PartialInstance } from './instance.js';

/** The maximum weight of an instance. */
export const MAX_WEIGHT = 65_535;

type Rule = readonly [field: keyof Instance, what: string, holds: (value: unknown) => boolean];

/** Whether `value` is a string of well-formed Unicode, which every registry returns unchanged. */
export const isString = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed();

/** Whether `value` is an object whose property names are well-formed and whose values all satisfy `holds`. */
export function isRecordOf(value: unknown, holds: (one: unknown) => boolean): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, one]) => isString(name) && holds(one))
  );
}

const RULES: readonly Rule[] = [
  ['service', 'a name', isName],
  ['id', 'a name', isName],
  ['address', 'an IP address or a hostname', isHost],
  ['port', 'an integer from 1 to 65535', isPort],
];

const OPTIONAL_RULES: readonly Rule[] = [
  ['ports', 'an object of names and ports', (value) => isRecordOf(value, isPort)],
  ['tags', 'an array of strings', (value) => Array.isArray(value) && value.every(isString)],
  ['meta', 'an object of names and strings', (value) => isRecordOf(value, isString)],
  [
    'weight',
    `an integer from 0 to ${MAX_WEIGHT}`,
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_WEIGHT,
  ],
  ['zone', 'a string', isString],
];

/**
 * Parses an instance from untrusted input: a file, a registry, an option. Unknown fields are ignored.
 *
 * @param name the name of the value in errors, for example `instance`
 * @throws InvalidOptionError that names the first invalid field
 */
export function readInstance(name: string, value: unknown): Instance {
  if (typeof value !== 'object' || value === null) throw expected(name, 'an object', value);
  const fields = value as Readonly<Record<string, unknown>>;
  for (const [field, what, holds] of RULES)
    if (!holds(fields[field])) throw expected(`${name}.${field}`, what, fields[field]);
  for (const [field, what, holds] of OPTIONAL_RULES)
    if (fields[field] !== undefined && !holds(fields[field]))
      throw expected(`${name}.${field}`, what, fields[field]);
  return completeInstance(value as PartialInstance);
}
