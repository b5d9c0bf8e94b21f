import { InvalidOptionError } from './errors/invalid-option.error.js';
import { redactMember } from './redact.js';
import { truncate } from './strings.js';

/**
 * A value as a sentence shows it: quoted, shortened, never thrown on. What is known for a secret is masked: credentials and
 * parameters in URLs, members named like one, private keys.
 */
export function formatValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol' || typeof value === 'bigint' || typeof value === 'number')
    return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, redactMember);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  text ??= String(value);
  return truncate(text);
}

/** @throws InvalidOptionError unless `value` is an object that options can be read from */
export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, 'an object', value);
}

/**
 * The one form of a complaint about input: «Expected `ttl` to be a whole number of seconds, at least 2, got 1.»
 * Not for secrets: `got` is printed, as {@link formatValue} has it.
 */
export function expected(name: string, what: string, got: unknown): InvalidOptionError {
  return new InvalidOptionError(`Expected \`${name}\` to be ${what}, got ${formatValue(got)}.`);
}
