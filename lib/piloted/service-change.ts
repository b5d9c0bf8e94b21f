import { watchEvents, type WatchEvent } from '../containerpilot/watch-events.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ListChange } from '../discovery/list-change.js';

/** A new list of a service. */
export interface ServiceChange extends ListChange {
  /**
   * What ContainerPilot's watch would say: `changed` and `healthy` or `unhealthy` where an endpoint came, went or moved;
   * nothing where only what endpoints say of themselves is new.
   */
  readonly events: readonly WatchEvent[];
}

/** The type of a `ServiceChange` at run time, as for `Endpoint`. */
export const ServiceChange = Object;

/** The current list of a service as a first change, in which every endpoint is added; undefined before there is one. */
export function currentChange(handle: {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly revision: number;
}): ServiceChange | undefined {
  const { name: service, endpoints, revision } = handle;
  if (revision === 0) return undefined;
  const events = watchEvents(undefined, endpoints);
  return Object.freeze({ service, endpoints, added: endpoints, updated: [], removed: [], revision, events });
}
