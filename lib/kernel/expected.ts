import { InvalidOptionError } from './errors/invalid-option.error.js';

const SHOWN = 80;

/** A value as a sentence shows it: quoted, shortened, never thrown on. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol' || typeof value === 'bigint') return value.toString();
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = Object.prototype.toString.call(value);
  }
  text ??= String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/**
 * The one form of a complaint about input: «Expected `ttl` to be a whole number of seconds, at least 2, got 1.»
 * Not for secrets: `got` is printed.
 */
export function expected(name: string, what: string, got: unknown): InvalidOptionError {
  return new InvalidOptionError(`Expected \`${name}\` to be ${what}, got ${shown(got)}.`);
}
