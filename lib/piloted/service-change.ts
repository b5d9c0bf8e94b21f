import { type WatchEvent } from '../containerpilot/watch-events.js';
import { type ListChange } from '../discovery/list-change.js';

/** A new list of a service. */
export interface ServiceChange extends ListChange {
  /**
   * What ContainerPilot's watch would say: `changed` and `healthy` or `unhealthy` where an endpoint came, went or moved;
   * nothing where only what endpoints say of themselves is new.
   */
  readonly events: readonly WatchEvent[];
}
