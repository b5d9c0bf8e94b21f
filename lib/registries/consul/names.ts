import { expected } from '../../common/expected.js';
import { type PlainKey } from '../../registry/entry-record.js';

/** Characters that Consul does not consider printable. It refuses a path with any of them. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/**
 * Encodes a name for Consul. An agent normalizes the decoded path of a request, so that empty, `.` and `..` segments
 * would address another object, and it refuses unprintable characters such as direction marks. Those are
 * percent-encoded; every other character stays, so that Consul shows the name as it is. `%` itself becomes `%25`, so that
 * distinct names stay distinct.
 */
export function encodeName(name: string): string {
  const segments = name.split('/');
  return segments
    .map((segment, index) => {
      if (segment === '' && index < segments.length - 1) return '%';
      if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
      return segment.replaceAll('%', '%25').replace(UNPRINTABLE, encodeURIComponent);
    })
    .join('/');
}

/** The folder of the keys of a space. */
const RESERVED = 'nestjs-sidekick';

/**
 * The path of a plain key in Consul's key/value store.
 *
 * @throws InvalidOptionError for a key of the application in a place of the library
 */
export function kvKeyOf({ key, space }: PlainKey): string {
  const encoded = encodeName(key);
  if (space !== undefined) return `${RESERVED}/${space}/${encoded}`;
  if (/^nestjs-sidekick\/(?:elections|locks)\//.test(encoded))
    throw expected(
      'key',
      `outside ${RESERVED}/elections/ and ${RESERVED}/locks/, which the library uses`,
      key,
    );
  return encoded;
}

/** The inverse of {@link encodeName}. A name that this library does not write is returned unchanged. */
export function decodeName(encoded: string): string {
  try {
    const segments = encoded
      .split('/')
      .map((segment) => (segment === '%' ? '' : decodeURIComponent(segment)));
    const name = segments.join('/');
    return encodeName(name) === encoded ? name : encoded;
  } catch {
    return encoded;
  }
}

/** Encodes a name as one segment of a request's path. */
export function inPath(name: string): string {
  return encodeURIComponent(name);
}

const UNESCAPED = /^[a-z0-9._-]$/;

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return UNESCAPED.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}

/** Encodes a string without capital letters, slashes and colons. Distinct strings stay distinct. */
function escapeAll(text: string): string {
  return Array.from(Buffer.from(text), escapeByte).join('');
}

/**
 * The two ids that an instance may have in its agent. Consul's ids are unique on the whole agent and case-insensitive;
 * this library's are unique within a service. Where another service has the plain id already, the qualified one is used.
 */
export function agentIds(
  service: string,
  id: string,
): { readonly plain: string; readonly qualified: string } {
  return { plain: encodeName(id), qualified: `${escapeAll(service)}:${escapeAll(id)}` };
}

/** Strings that need no escaping inside the quotes of a filter. */
const QUOTABLE = /^[\w.:@/%-]*$/;

/** Ids up to which a filter compares each of them. One pattern for many is cheaper for the agent. */
const MAX_COMPARED_IDS = 4;

const patternOfId = (id: string): string => id.replaceAll('.', '[.]');

const patternOf = (ids: readonly string[]): string => `^(?:${ids.map(patternOfId).join('|')})$`;

/** Characters that an id adds to a URL whose filter has several: a dot becomes seven. */
export function sizeInFilter(id: string): number {
  return encodeURIComponent(`${patternOfId(id)}|`).length;
}

/** A filter for services with one of these ids; undefined where an id would need escaping. */
export function idFilter(field: string, ids: readonly string[]): string | undefined {
  if (!ids.every((id) => QUOTABLE.test(id))) return undefined;
  if (ids.length > MAX_COMPARED_IDS) return `${field} matches "${patternOf(ids)}"`;
  return ids.map((id) => `${field} == "${id}"`).join(' or ');
}

/** Like {@link idFilter}, case-insensitive. */
export function anyCaseFilter(field: string, ids: readonly string[]): string | undefined {
  return ids.every((id) => QUOTABLE.test(id)) ? `${field} matches "(?i)${patternOf(ids)}"` : undefined;
}
