/** What happened to a watched service: its list is another one, and has endpoints, or has none. */
export type WatchEvent = 'changed' | 'healthy' | 'unhealthy';

/** What an endpoint is compared by. */
export interface WatchedEndpoint {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

function byId(endpoints: readonly WatchedEndpoint[]): Map<string, WatchedEndpoint> {
  return new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
}

function isSame(before: readonly WatchedEndpoint[], now: readonly WatchedEndpoint[]): boolean {
  if (before.length !== now.length) return false;
  const known = byId(before);
  return now.every(({ id, address, port }) => {
    const other = known.get(id);
    return other?.address === address && other.port === port;
  });
}

/**
 * The events of a watch when its list goes from `before` to `now`, in the order they are sent: nothing where both hold
 * the same ids with the same addresses and ports, else `changed`, then `healthy` or `unhealthy` by whether there are
 * endpoints. So each change is told once, and a list that grows is `healthy` again.
 *
 * Only lists that the registry has answered count. A failed look is no list: keep the last one as `before`, and
 * nothing has happened.
 *
 * @param before undefined before the first answer, which is told even where it is empty: until then the state of
 *   the service was not known
 */
export function watchEvents(
  before: readonly WatchedEndpoint[] | undefined,
  now: readonly WatchedEndpoint[],
): readonly WatchEvent[] {
  if (before !== undefined && isSame(before, now)) return [];
  return ['changed', now.length > 0 ? 'healthy' : 'unhealthy'];
}
