import { type Endpoint } from './endpoint.js';
import { type TableChange } from './endpoint-table.js';
import { type ListUpdate } from './service-change.js';
import { type ServiceQuery } from './service-query.js';

/** Up to this number of changed endpoints, each is searched in the list. With more, the list is selected again. */
const MAX_SEARCHES = 16;

const NONE: readonly Endpoint[] = Object.freeze([]);

/** The selector of a query; undefined if the query selects all endpoints. */
export function selectorOf({ tag }: ServiceQuery): EndpointSelector | undefined {
  return tag === undefined ? undefined : new EndpointSelector(tag);
}

/** Follows the endpoints of a service that have a tag. A change of others costs nothing, and leaves the list as it is. */
export class EndpointSelector {
  private selected = NONE;

  constructor(private readonly tag: string) {}

  /** Selects from a complete list. The result is frozen and has its order. */
  select(all: readonly Endpoint[]): readonly Endpoint[] {
    const selected: Endpoint[] = [];
    for (const endpoint of all) if (this.has(endpoint)) selected.push(endpoint);
    this.selected = Object.freeze(selected);
    return this.selected;
  }

  /** Follows one change of the list from which it has selected. */
  follow({ endpoints, added, updated, replaced, removed }: TableChange): ListUpdate {
    const previous = this.selected;
    const step = {
      added: added.filter((endpoint) => this.has(endpoint)),
      updated: [] as Endpoint[],
      removed: removed.filter((endpoint) => this.has(endpoint)),
    };
    const former: Endpoint[] = [];
    let joins = false;
    for (const [index, endpoint] of updated.entries()) {
      const was = replaced[index];
      const had = was !== undefined && this.has(was);
      if (this.has(endpoint)) {
        joins ||= !had;
        (had ? step.updated : step.added).push(endpoint);
        if (had) former.push(was);
      } else if (had) step.removed.push(was);
    }
    const changes = step.added.length + former.length + step.removed.length;
    if (changes === 0) return { ...step, endpoints: previous, previous };
    // An endpoint that receives the tag belongs between others.
    if (joins || changes > MAX_SEARCHES) return { ...step, endpoints: this.select(endpoints), previous };
    const next = [...previous];
    for (const [index, was] of former.entries()) {
      const now = step.updated[index];
      if (now) next[next.indexOf(was)] = now;
    }
    for (const endpoint of step.removed) next.splice(next.indexOf(endpoint), 1);
    next.push(...step.added);
    this.selected = Object.freeze(next);
    return { ...step, endpoints: this.selected, previous };
  }

  private has({ tags }: Endpoint): boolean {
    return tags.includes(this.tag);
  }
}
