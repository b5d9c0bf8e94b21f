/**
 * Consul's agent cleans the path of a request after decoding it: empty, `.` and `..` segments would lead elsewhere.
 * Those are written in a form that stays; everything else is kept as it is, so that a name looks the same in Consul.
 * `%` begins what is written differently, and is therefore written as `%25` itself: distinct names stay distinct.
 */
export function encodeName(name: string): string {
  const segments = name.split('/');
  return segments
    .map((segment, index) => {
      if (segment === '' && index < segments.length - 1) return '%';
      if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
      return segment.replaceAll('%', '%25');
    })
    .join('/');
}

/** A name as one segment of a request's path. */
export function inPath(name: string): string {
  return encodeURIComponent(name);
}

/**
 * The id of an instance in its agent. Consul's are unique on the whole agent and ours within a service: where another
 * service has the plain one, the service is put in front.
 */
export function agentIds(
  service: string,
  id: string,
): { readonly plain: string; readonly qualified: string } {
  return { plain: encodeName(id), qualified: encodeName(`${encodeURIComponent(service)}:${id}`) };
}
