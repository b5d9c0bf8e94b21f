import { type Endpoint } from '../../discovery/endpoint.js';
import { type Balancer } from '../balancer.js';

/**
 * Picks each endpoint in turn, from the first of the list. A new list does not restart the rotation: the endpoint that
 * was next stays next, or the endpoint after it when it is gone.
 */
export class RoundRobin implements Balancer {
  private list: readonly Endpoint[] = [];
  private next = 0;

  update(endpoints: readonly Endpoint[]): void {
    this.next = indexOfNext(endpoints, this.list, this.next);
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

/**
 * The index in `after` of the first endpoint of `before`, in rotation order from `next`, that is in both lists; 0 when
 * they have none in common.
 */
function indexOfNext(after: readonly Endpoint[], before: readonly Endpoint[], next: number): number {
  const due = before[next] ?? before[0];
  if (!due) return 0;
  const index = after.findIndex(({ id }) => id === due.id);
  if (index >= 0) return index;
  const indexes = new Map(after.map(({ id }, at) => [id, at]));
  for (let step = 1; step < before.length; step++) {
    const survivor = before[(next + step) % before.length];
    const found = survivor && indexes.get(survivor.id);
    if (found !== undefined) return found;
  }
  return 0;
}
