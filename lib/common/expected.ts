import { InvalidOptionError } from './errors/invalid-option.error.js';
import { toJson } from './escape.js';
import { redactMember } from './redact.js';
import { truncate } from './strings.js';

/**
 * Formats a value for a message: as JSON, truncated. It never throws. Secrets are redacted: credentials and parameters in
 * URLs, members with the name of a secret, private keys.
 */
export function formatValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol' || typeof value === 'bigint' || typeof value === 'number')
    return String(value);
  let text: string | undefined;
  try {
    text = toJson(value, redactMember);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  text ??= String(value);
  return truncate(text);
}

/**
 * Checks that `value` is an object.
 *
 * @throws InvalidOptionError otherwise, also for null and an array
 */
export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, 'an object', value);
}

/**
 * Creates the error for an invalid option: «Expected `ttl` to be an integer of at least 2 seconds, got 1.»
 * Not for secrets: the message contains `got` in the form of {@link formatValue}.
 */
export function expected(name: string, what: string, got: unknown): InvalidOptionError {
  return new InvalidOptionError(`Expected \`${name}\` to be ${what}, got ${formatValue(got)}.`);
}
