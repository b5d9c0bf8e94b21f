import { type Clock, type Timer } from '../../common/clock.js';
import { expected } from '../../common/expected.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { type Balancer } from '../balancer.js';
import { hashKey } from './hash.js';
import { MAGLEV_SIZE, maglevTable } from './maglev-table.js';

/** The shortest time between two tables: a table takes a few milliseconds. */
const MIN_BUILD_INTERVAL_MS = 100;

/**
 * Picks by a key: equal keys go to the same endpoint, in every client, and few keys move when the list changes. The
 * table is made at the first pick after a change. Until then, keys of endpoints that are gone go to others.
 *
 * @see https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/
 */
export class Maglev implements Balancer {
  private list: readonly Endpoint[] = [];
  private weights: readonly number[] | undefined;
  /** The index in `targets` of each place. */
  private table: Uint32Array = new Uint32Array(MAGLEV_SIZE);
  /** The endpoints of the table; undefined where one is gone. */
  private targets: readonly (Endpoint | undefined)[] = [];
  /** Whether the next pick makes a new table. */
  private isDue = false;
  /** Whether the table is older than the list. */
  private isOld = false;
  private cooldown: Timer | undefined;

  constructor(
    private readonly service: string,
    private readonly clock: Clock,
  ) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[]): void {
    this.list = endpoints;
    this.weights = weights;
    this.isOld = true;
    const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.targets = this.targets.map((target) => target && byId.get(target.id));
    this.isDue = !this.cooldown || !this.targets.some(Boolean);
  }

  /** @throws InvalidOptionError without a key */
  pick(key?: string | number): Endpoint | undefined {
    if (key === undefined) throw this.keyError();
    if (this.isDue) this.build();
    const { table, targets } = this;
    const hash = hashKey(key);
    // The remainder by 2^16 + 1, without a division.
    let place = (hash & 0xff_ff) - (hash >>> 16);
    if (place < 0) place += MAGLEV_SIZE;
    return targets[table[place] ?? 0] ?? this.afterGone(place);
  }

  close(): void {
    this.cooldown?.cancel();
    this.cooldown = undefined;
  }

  /** The endpoint of the next place whose endpoint is not gone. */
  private afterGone(place: number): Endpoint | undefined {
    if (this.list.length === 0) return undefined;
    for (let step = 1; step < MAGLEV_SIZE; step++) {
      const endpoint = this.targets[this.table[(place + step) % MAGLEV_SIZE] ?? 0];
      if (endpoint) return endpoint;
    }
    return this.list[0];
  }

  private build(): void {
    this.isDue = false;
    this.isOld = false;
    const { list, weights } = this;
    const order = [...list.keys()].sort((a, b) => compare(list[a]?.id ?? '', list[b]?.id ?? ''));
    this.targets = order.map((index) => list[index]);
    this.table = maglevTable(
      order.map((index) => list[index]?.id ?? ''),
      weights && order.map((index) => weights[index] ?? 1),
    );
    this.cooldown ??= this.clock.after(MIN_BUILD_INTERVAL_MS, () => {
      this.cooldown = undefined;
      this.isDue = this.isOld;
    });
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
