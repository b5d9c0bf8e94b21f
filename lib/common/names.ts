import { expected } from './expected.js';

/** Maximum length of a service name, an instance id or a key, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1_024;

// oxlint-disable-next-line no-control-regex -- names must not contain control characters
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A name that is its own segment, as nearly all are. */
const PLAIN = /^[\w-][\w.-]*$/;

/**
 * Checks a service name, an instance id or a key. Slashes, dots, percent signs and names like `__proto__` are allowed,
 * because drivers encode them.
 *
 * @throws InvalidOptionError when it is empty, longer than {@link MAX_NAME_BYTES}, not well-formed Unicode, or contains
 * control characters
 */
export function checkName(option: string, name: unknown): asserts name is string {
  if (!isName(name))
    throw expected(option, `a string of 1 to ${MAX_NAME_BYTES} bytes without control characters`, name);
}

/** Whether {@link checkName} accepts `name`. */
export function isName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length > 0 &&
    !CONTROL.test(name) &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES
  );
}

/**
 * Encodes a name as one path segment that is valid in every store. Unreserved ASCII stays readable. Everything else, and
 * a leading dot, is percent-encoded in upper case. {@link decodeSegment} is the inverse.
 */
export function encodeSegment(name: string): string {
  if (PLAIN.test(name)) return name;
  return encodeURIComponent(name)
    .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, '%2E');
}

/** Decodes a segment. Returns undefined for a string that {@link encodeSegment} does not produce. */
export function decodeSegment(segment: string): string | undefined {
  if (PLAIN.test(segment)) return segment;
  try {
    const name = decodeURIComponent(segment);
    return encodeSegment(name) === segment ? name : undefined;
  } catch {
    return undefined;
  }
}
