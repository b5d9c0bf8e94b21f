import { type Endpoint } from '../discovery/endpoint.js';
import { EndpointTable } from '../discovery/endpoint-table.js';
import { type ListUpdate } from '../discovery/service-change.js';

/**
 * The endpoints of a list that meet a condition. When the list changes, only the changed endpoints are looked at. One that
 * comes to meet the condition is added to the end.
 */
export class ListPart {
  private table = new EndpointTable();
  private source: readonly Endpoint[] | undefined;

  /** @param belongs the condition; after a change of what it depends on, {@link ListPart.reset} */
  constructor(private readonly belongs: (endpoint: Endpoint) => boolean) {}

  /** Selects again at the next list. */
  reset(): void {
    this.source = undefined;
  }

  /** The part of a list. It is the same array while no endpoint of the part has changed. */
  follow(update: ListUpdate): ListUpdate {
    const { endpoints, previous, added, updated, removed } = update;
    const isKnown = this.source !== undefined && this.source === previous;
    this.source = endpoints;
    if (!isKnown) {
      this.table = new EndpointTable();
      this.put(endpoints);
      return { ...this.table.commit(), previous: undefined };
    }
    for (const { id } of removed) this.table.remove(id);
    this.put(updated);
    this.put(added);
    return this.table.commit();
  }

  private put(endpoints: readonly Endpoint[]): void {
    for (const endpoint of endpoints)
      if (this.belongs(endpoint)) this.table.put(endpoint);
      else this.table.remove(endpoint.id);
  }
}
