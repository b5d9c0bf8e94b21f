import { type Endpoint } from '../discovery/endpoint.js';
import { type Balancer } from './balancer.js';

/**
 * Each endpoint in turn, from the first of the list. A new list does not start again: whoever was next is next, and
 * where it is gone, whoever came after it.
 */
export class RoundRobin implements Balancer {
  private list: readonly Endpoint[] = [];
  private next = 0;

  update(endpoints: readonly Endpoint[]): void {
    this.next = placeIn(endpoints, this.list, this.next);
    this.list = endpoints;
  }

  pick(): Endpoint | undefined {
    const { list } = this;
    let index = this.next;
    if (index >= list.length) {
      if (list.length === 0) return undefined;
      index = 0;
    }
    this.next = index + 1;
    return list[index];
  }
}

/** The index in `after` of the first survivor from `next` on in `before`, going round; 0 where none survives. */
function placeIn(after: readonly Endpoint[], before: readonly Endpoint[], next: number): number {
  const due = before[next] ?? before[0];
  if (!due) return 0;
  const place = after.findIndex(({ id }) => id === due.id);
  if (place >= 0) return place;
  const places = new Map(after.map(({ id }, index) => [id, index]));
  for (let step = 1; step < before.length; step++) {
    const survivor = before[(next + step) % before.length];
    const found = survivor && places.get(survivor.id);
    if (found !== undefined) return found;
  }
  return 0;
}
