import { type Endpoint } from './endpoint.js';
import { type ListUpdate } from './service-change.js';

/** A list, and how it differs from the list of the same table before. */
export interface TableChange extends ListUpdate {
  /** The list before, frozen. */
  readonly previous: readonly Endpoint[];
  /** What each of `updated` was before, in the same order. */
  readonly replaced: readonly Endpoint[];
}

const NONE: readonly Endpoint[] = Object.freeze([]);

/**
 * The endpoints of one service by id, and as a list in the order in which they were added. One change copies the list and
 * looks at no other endpoint.
 *
 * Each endpoint has a number, and the list is sorted by it. The map has the number in place of the position, so that a
 * removal moves no other endpoint of the map; a binary search finds the position.
 */
export class EndpointTable {
  private readonly numbers = new Map<string, number>();
  /** The numbers of the list or draft, position by position. */
  private readonly sorted: number[] = [];
  private list = NONE;
  /** The copy of the list that becomes the next one; undefined until the first change. A removal leaves a hole. */
  private draft: (Endpoint | undefined)[] | undefined;
  private holes = 0;
  private lastNumber = 0;
  /** The endpoints in the list of all ids that have been changed since. */
  private readonly touched = new Map<string, Endpoint | undefined>();

  get size(): number {
    return this.numbers.size;
  }

  /** Whether something has changed since the last list. */
  get hasChanged(): boolean {
    return this.touched.size > 0;
  }

  has(id: string): boolean {
    return this.numbers.has(id);
  }

  get(id: string): Endpoint | undefined {
    const number = this.numbers.get(id);
    return number === undefined ? undefined : (this.draft ?? this.list)[this.positionOf(number)];
  }

  ids(): Iterable<string> {
    return this.numbers.keys();
  }

  /** Adds an endpoint to the end, or replaces the one with its id. */
  put(endpoint: Endpoint): void {
    const { id } = endpoint;
    const number = this.numbers.get(id);
    this.touch(id);
    this.draft ??= [...this.list];
    if (number !== undefined) {
      this.draft[this.positionOf(number)] = endpoint;
      return;
    }
    this.lastNumber += 1;
    this.numbers.set(id, this.lastNumber);
    this.sorted.push(this.lastNumber);
    this.draft.push(endpoint);
  }

  /** Returns whether the id had an endpoint. */
  remove(id: string): boolean {
    const number = this.numbers.get(id);
    if (number === undefined) return false;
    this.touch(id);
    this.draft ??= [...this.list];
    this.draft[this.positionOf(number)] = undefined;
    this.holes += 1;
    this.numbers.delete(id);
    return true;
  }

  /** Makes the next list of all changes since the last one. */
  commit(): TableChange {
    const previous = this.list;
    const added: Endpoint[] = [];
    const updated: Endpoint[] = [];
    const replaced: Endpoint[] = [];
    const removed: Endpoint[] = [];
    for (const [id, was] of this.touched) {
      const now = this.get(id);
      if (was === now) continue;
      if (now && was) {
        updated.push(now);
        replaced.push(was);
      } else if (now) added.push(now);
      else if (was) removed.push(was);
    }
    this.touched.clear();
    this.fillHoles();
    // A copy has no spare room, which an array that has grown would keep.
    if (this.draft)
      this.list = Object.freeze((added.length > 0 ? this.draft.slice() : this.draft) as Endpoint[]);
    this.draft = undefined;
    return { endpoints: this.list, previous, added, updated, replaced, removed };
  }

  private touch(id: string): void {
    if (!this.touched.has(id)) this.touched.set(id, this.get(id));
  }

  private fillHoles(): void {
    const { draft, sorted, holes } = this;
    if (!draft || holes === 0) return;
    this.holes = 0;
    if (holes === 1) {
      const position = draft.indexOf(undefined);
      draft.splice(position, 1);
      sorted.splice(position, 1);
      return;
    }
    let length = 0;
    for (let position = 0; position < draft.length; position++) {
      const endpoint = draft[position];
      if (endpoint === undefined) continue;
      draft[length] = endpoint;
      sorted[length] = sorted[position] ?? 0;
      length += 1;
    }
    draft.length = length;
    sorted.length = length;
  }

  private positionOf(number: number): number {
    const { sorted } = this;
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
