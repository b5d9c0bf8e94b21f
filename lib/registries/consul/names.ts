/** What Consul calls printable; a path with anything else in it is refused. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/**
 * Consul's agent cleans the path of a request after decoding it: empty, `.` and `..` segments would lead elsewhere. And
 * it refuses what cannot be printed, such as marks for the direction of text. Those are written in a form that stays;
 * everything else is kept as it is, so that a name looks the same in Consul. `%` begins what is written differently,
 * and is therefore written as `%25` itself: distinct names stay distinct.
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

/** A name as one segment of a request's path. */
export function inPath(name: string): string {
  return encodeURIComponent(name);
}

const PLAIN = /^[a-z0-9._-]$/;

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return PLAIN.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}

/** Free of capital letters, slashes and colons, and distinct for distinct texts. */
function escapeAll(text: string): string {
  return Array.from(Buffer.from(text), escapeByte).join('');
}

/**
 * The ids an instance may have in its agent. Consul's are unique on the whole agent, capital letters or not, and ours
 * within a service: where something else has the plain one already, the qualified one is used.
 */
export function agentIds(
  service: string,
  id: string,
): { readonly plain: string; readonly qualified: string } {
  return { plain: encodeName(id), qualified: `${escapeAll(service)}:${escapeAll(id)}` };
}

/** Characters that need no thought inside the quotes of a filter. */
const QUOTABLE = /^[\w.:@/%-]*$/;

/** A filter for services of one of these ids; undefined where one of them is not easily quoted. */
export function idFilter(field: string, ids: readonly string[]): string | undefined {
  if (!ids.every((id) => QUOTABLE.test(id))) return undefined;
  return ids.map((id) => `${field} == "${id}"`).join(' or ');
}

/** Like {@link idFilter} for one id, whatever its capital letters. */
export function anyCaseFilter(field: string, id: string): string | undefined {
  return QUOTABLE.test(id) ? `${field} matches "(?i)^${id.replaceAll('.', '[.]')}$"` : undefined;
}
