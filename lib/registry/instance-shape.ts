import { isHost, isPort } from '../common/address.js';
import { expected } from '../common/expected.js';
import { isName } from '../common/names.js';
import { completeInstance, type Instance, type PartialInstance } from './instance.js';

/** The greatest weight of an instance. */
export const MAX_WEIGHT = 65_535;

type Rule = readonly [field: keyof Instance, what: string, holds: (value: unknown) => boolean];

/** Whether `value` is a text of whole characters, which every registry brings back as it was. */
export const isString = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed();

/** Whether `value` is an object whose members have such texts for names, and `holds` for each. */
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
  ['port', 'a whole number from 1 to 65535', isPort],
];

const OPTIONAL_RULES: readonly Rule[] = [
  ['ports', 'an object of names and ports', (value) => isRecordOf(value, isPort)],
  ['tags', 'a list of texts', (value) => Array.isArray(value) && value.every(isString)],
  ['meta', 'an object of names and texts', (value) => isRecordOf(value, isString)],
  [
    'weight',
    `a whole number from 0 to ${MAX_WEIGHT}`,
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_WEIGHT,
  ],
  ['zone', 'a text', isString],
];

/**
 * Makes an instance of what came from outside: a file, a store, an option. Fields it does not know are left out.
 *
 * @param name what complaints call the value: "instance"
 * @throws InvalidOptionError with the first field that is not what it should be
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
