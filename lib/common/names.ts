import { type InvalidOptionError } from './errors/invalid-option.error.js';
import { expected } from './expected.js';

/** Longest name of a service, an id or a key, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1_024;

// eslint-disable-next-line no-control-regex -- control characters are exactly what a name must not hold
const CONTROL = /[\u0000-\u001f\u007f]/;

function complaint(option: string, name: unknown): InvalidOptionError | undefined {
  const what = `a text of 1 to ${MAX_NAME_BYTES} bytes without control characters`;
  if (typeof name !== 'string' || name.length === 0 || CONTROL.test(name))
    return expected(option, what, name);
  if (!name.isWellFormed() || Buffer.byteLength(name) > MAX_NAME_BYTES) return expected(option, what, name);
  return undefined;
}

/**
 * Checks the name of a service, an instance id or a key. Slashes, dots, percent signs and names like `__proto__` are
 * fine: drivers encode them.
 *
 * @throws InvalidOptionError when it is empty, too long, not well-formed Unicode or has control characters
 */
export function checkName(option: string, name: unknown): asserts name is string {
  const error = complaint(option, name);
  if (error) throw error;
}

/** Whether {@link checkName} would pass. */
export function isName(name: unknown): name is string {
  return complaint('name', name) === undefined;
}

/**
 * A name as one path segment that any store keeps as it is: unreserved ASCII stays readable, everything else, and
 * a leading dot, is percent-encoded in upper case. {@link decodeSegment} gives the name back.
 */
export function encodeSegment(name: string): string {
  return encodeURIComponent(name)
    .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, '%2E');
}

/** The name behind a segment, or undefined where the text is not what {@link encodeSegment} writes. */
export function decodeSegment(segment: string): string | undefined {
  try {
    const name = decodeURIComponent(segment);
    return encodeSegment(name) === segment ? name : undefined;
  } catch {
    return undefined;
  }
}
