import { type Endpoint } from './endpoint.js';

/** What differs between two lists. */
export interface EndpointsDiff {
  readonly added: readonly Endpoint[];
  /** As they are now. */
  readonly updated: readonly Endpoint[];
  /** As they were. */
  readonly removed: readonly Endpoint[];
}

/** A new list of a service. */
export interface ListChange extends EndpointsDiff {
  readonly service: string;
  /** The complete list, frozen. */
  readonly endpoints: readonly Endpoint[];
  /** Counts the lists of this service: 1 for the first, one more for each further one. */
  readonly revision: number;
}

/** The difference between two lists, by id; an endpoint is updated when it is another object. */
export function diffEndpoints(before: readonly Endpoint[], after: readonly Endpoint[]): EndpointsDiff {
  const old = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  const added: Endpoint[] = [];
  const updated: Endpoint[] = [];
  for (const endpoint of after) {
    const was = old.get(endpoint.id);
    if (!was) added.push(endpoint);
    else if (was !== endpoint) updated.push(endpoint);
    old.delete(endpoint.id);
  }
  return { added, updated, removed: [...old.values()] };
}
