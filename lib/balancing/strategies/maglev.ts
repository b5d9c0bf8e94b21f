import { type Clock, type Timer } from '../../common/clock.js';
import { expected } from '../../common/expected.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { type EndpointsDiff } from '../../discovery/service-change.js';
import { type Balancer } from '../balancer.js';
import { hashKey } from './hash.js';
import { MAGLEV_SIZE, maglevTable } from './maglev-table.js';

/** From a change of the list until it is in the table: the changes of a deployment share a table. */
const BUILD_DELAY_MS = 100;

/** The delay is at least this many times what the last table took, so that tables take at most 5 % of the time. */
const DELAY_PER_BUILD = 20;

/** The longest delay: a process may be stopped for an hour while it makes a table. */
const MAX_DELAY_MS = 10_000;

/**
 * Picks by a key: equal keys go to the same endpoint, in every client, and few keys move when the list changes.
 *
 * A table takes milliseconds, so only the first pick of a service makes one. After a change a timer makes the next one.
 * Until then, keys of endpoints that are gone go to others, and new endpoints receive none.
 *
 * @see https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/
 */
export class Maglev implements Balancer {
  private list: readonly Endpoint[] = [];
  private weights: readonly number[] | undefined;
  /** The index in `targets` of each place. */
  private table: Uint32Array = new Uint32Array(0);
  /** The ids of the table, sorted. */
  private ids: readonly string[] = [];
  /** The endpoints of `ids`; undefined where one is gone. */
  private targets: (Endpoint | undefined)[] = [];
  /** Number of targets that are not gone. Without any, the next pick makes a table. */
  private usable = 0;
  private timer: Timer | undefined;
  private buildMs = 0;
  private closed = false;

  constructor(
    private readonly service: string,
    private readonly clock: Clock,
  ) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[], change?: EndpointsDiff): void {
    const isWeighted = weights !== undefined || this.weights !== undefined;
    this.list = endpoints;
    this.weights = weights;
    // Without a table, this waits for the first pick.
    if (this.ids.length === 0) return;
    if (change) this.follow(change);
    else this.compare(endpoints);
    // The table consists of ids and weights.
    if (!change || isWeighted || change.added.length + change.removed.length > 0) this.buildLater();
  }

  /** @throws InvalidOptionError without a key */
  pick(key?: string | number): Endpoint | undefined {
    if (key === undefined) throw this.keyError();
    if (this.usable === 0) {
      if (this.list.length === 0) return undefined;
      this.build();
    }
    const { table, targets } = this;
    const hash = hashKey(key);
    // The remainder by 2^16 + 1, without a division.
    let place = (hash & 0xff_ff) - (hash >>> 16);
    if (place < 0) place += MAGLEV_SIZE;
    return targets[table[place] ?? 0] ?? this.afterGone(place);
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** The endpoint of the next place whose endpoint is not gone. */
  private afterGone(place: number): Endpoint | undefined {
    for (let step = 1; step < MAGLEV_SIZE; step++) {
      const endpoint = this.targets[this.table[(place + step) % MAGLEV_SIZE] ?? 0];
      if (endpoint) return endpoint;
    }
    return this.list[0];
  }

  private follow({ added, updated, removed }: EndpointsDiff): void {
    for (const { id } of removed) this.setTarget(id, undefined);
    for (const endpoint of updated) this.setTarget(endpoint.id, endpoint);
    // One that has been gone since the table was made.
    for (const endpoint of added) this.setTarget(endpoint.id, endpoint);
  }

  private setTarget(id: string, endpoint: Endpoint | undefined): void {
    const index = indexOf(this.ids, id);
    if (index === undefined) return;
    if (this.targets[index]) this.usable -= 1;
    if (endpoint) this.usable += 1;
    this.targets[index] = endpoint;
  }

  private compare(endpoints: readonly Endpoint[]): void {
    const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.targets = this.ids.map((id) => byId.get(id));
    this.usable = this.targets.filter(Boolean).length;
  }

  private buildLater(): void {
    if (this.closed) return;
    const delayMs = Math.min(Math.max(BUILD_DELAY_MS, DELAY_PER_BUILD * this.buildMs), MAX_DELAY_MS);
    this.timer ??= this.clock.after(delayMs, () => {
      this.timer = undefined;
      this.build();
    });
  }

  private build(): void {
    const startedAt = this.clock.now();
    const { list, weights } = this;
    const order = [...list.keys()].sort((a, b) => compare(list[a]?.id ?? '', list[b]?.id ?? ''));
    this.targets = order.map((index) => list[index]);
    this.ids = order.map((index) => list[index]?.id ?? '');
    this.usable = order.length;
    this.table = maglevTable(this.ids, weights && order.map((index) => weights[index] ?? 1));
    this.buildMs = this.clock.now() - startedAt;
  }

  private keyError(): Error {
    return expected(
      'key',
      `a string or a number, since service "${this.service}" has the balancer maglev`,
      undefined,
    );
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The index of a string in a sorted array; undefined when it is not there. */
function indexOf(sorted: readonly string[], text: string): number | undefined {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === text ? low : undefined;
}
