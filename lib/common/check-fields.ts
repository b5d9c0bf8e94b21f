import { InvalidOptionError } from './errors/invalid-option.error.js';
import { checkObject, expected } from './expected.js';
import { similarName } from './similar-name.js';

/** What a field of an object of options may be. */
export interface FieldCheck {
  /** For the message: `an integer from 1 to 10`. */
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
}

/** Accepts finite numbers from `least` to `most`. */
export function numberField(least: number, most: number): FieldCheck {
  return { what: `a number from ${least} to ${most}`, holds: (value) => isWithin(value, least, most) };
}

/** Accepts integers from `least` to `most`. */
export function integerField(least: number, most: number): FieldCheck {
  return {
    what: `an integer from ${least} to ${most}`,
    holds: (value) => Number.isInteger(value) && isWithin(value, least, most),
  };
}

/** Accepts durations in seconds: above 0, at most a day. */
export const SECONDS_FIELD: FieldCheck = {
  what: 'a number of seconds above 0, at most 86400',
  holds: (value) => isWithin(value, Number.MIN_VALUE, 86_400),
};

/** Accepts true and false. */
export const FLAG_FIELD: FieldCheck = {
  what: 'true or false',
  holds: (value) => typeof value === 'boolean',
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Accepts true, false and objects. */
export const FLAG_OR_OBJECT_FIELD: FieldCheck = {
  what: 'true, false or an object',
  holds: (value) => typeof value === 'boolean' || isObject(value),
};

/** Accepts the keys of a pick. */
export const KEY_FIELD: FieldCheck = {
  what: 'a string or a number',
  holds: (value) => typeof value === 'string' || typeof value === 'number',
};

/** Accepts objects that are not null, which `what` names. Their fields are checked apart. */
export function objectField(what: string): FieldCheck {
  return { what, holds: isObject };
}

/** Whether `value` is a number from `least` to `most`. */
export function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

/**
 * Checks the fields of an object of options. Fields that are undefined are accepted, unknown fields are not.
 *
 * @param where path of the object, for messages
 * @throws InvalidOptionError that names the first invalid field
 */
export function checkFields(
  where: string,
  value: unknown,
  checks: Readonly<Record<string, FieldCheck>>,
): void {
  checkObject(where, value);
  for (const [name, field] of Object.entries(value as object)) {
    if (!Object.hasOwn(checks, name))
      throw new InvalidOptionError(
        `${expected(where, `an object with fields among ${Object.keys(checks).join(', ')}`, value).message}${similarName(name, Object.keys(checks))}`,
      );
    const check = checks[name];
    if (field !== undefined && check && !check.holds(field))
      throw expected(`${where}.${name}`, check.what, field);
  }
}
