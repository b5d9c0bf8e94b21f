/** An event of a ContainerPilot watch: the list has changed, and has endpoints (`healthy`) or none (`unhealthy`). */
export type WatchEvent = 'changed' | 'healthy' | 'unhealthy';

/** The properties by which two endpoints are compared. */
export interface WatchedEndpoint {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

/** Two lists that follow each other. A `ServiceChange` of PilotedModule is one. */
export interface WatchedChange {
  /** The list before; undefined before the first list. */
  readonly previous?: readonly WatchedEndpoint[] | undefined;
  readonly endpoints: readonly WatchedEndpoint[];
}

/**
 * The events that ContainerPilot sends for a change, in order: `changed`, then `healthy` or `unhealthy`. None when both
 * lists hold the same ids with the same addresses and ports, so changes of tags and metadata send none. The first list
 * sends events even if it is empty, since the state of the service was unknown before.
 *
 * Each list must be an answer of the registry. A failed request is not an empty list.
 */
export function watchEvents({ previous, endpoints }: WatchedChange): readonly WatchEvent[] {
  if (previous !== undefined && isSame(previous, endpoints)) return [];
  return ['changed', endpoints.length > 0 ? 'healthy' : 'unhealthy'];
}

function isSame(before: readonly WatchedEndpoint[], now: readonly WatchedEndpoint[]): boolean {
  if (before.length !== now.length) return false;
  const known = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  return now.every(({ id, address, port }) => {
    const other = known.get(id);
    return other?.address === address && other.port === port;
  });
}
