import { type Endpoint } from '../discovery/endpoint.js';
import { EndpointTable } from '../discovery/endpoint-table.js';
import { type ListUpdate } from '../discovery/service-change.js';
import { type Locality } from './locality.js';
import { hashString, mix } from './strategies/hash.js';

/**
 * The endpoints that this process uses of a list: always the same ones while the lists stay the same, and few others when
 * one endpoint or client comes or goes.
 *
 * The endpoints are sorted by a hash. With a known position the clients take slices of this ring, spread evenly, so that
 * all endpoints have the same number of clients, within one. Without, each client sorts by a hash of its own and takes the
 * first ones, which is even only on average.
 *
 * A change of the list looks at the changed endpoints and at the subset.
 */
export class Subset {
  private ring: Endpoint[] = [];
  /** The hash of each endpoint of the ring. */
  private hashes: number[] = [];
  /** What the ring is sorted by. */
  private hashOf = ringHash;
  private clientId: string | undefined;
  private source: readonly Endpoint[] | undefined;
  private chosen = new EndpointTable();

  /** @param size at least 1 */
  constructor(
    private readonly size: number,
    private readonly locality: Pick<Locality, 'position' | 'clientId'>,
  ) {}

  /** The subset of a list; the list itself while it is not larger. */
  follow(update: ListUpdate): ListUpdate {
    const { endpoints, previous } = update;
    if (endpoints.length <= this.size) {
      this.source = undefined;
      return update;
    }
    const { position, clientId } = this.locality;
    const isKnown =
      this.source !== undefined &&
      this.source === previous &&
      (position ? undefined : clientId) === this.clientId;
    this.source = endpoints;
    if (isKnown) {
      this.change(update);
      const slice = this.slice();
      for (const id of [...this.chosen.ids()]) if (!slice.has(id)) this.chosen.remove(id);
      for (const [id, endpoint] of slice) if (this.chosen.get(id) !== endpoint) this.chosen.put(endpoint);
      return this.chosen.commit();
    }
    this.clientId = position ? undefined : clientId;
    this.sort(endpoints);
    const slice = this.slice();
    this.chosen = new EndpointTable();
    for (const endpoint of endpoints) if (slice.has(endpoint.id)) this.chosen.put(endpoint);
    return { ...this.chosen.commit(), previous: undefined };
  }

  /** The endpoints of the subset by id. */
  private slice(): ReadonlyMap<string, Endpoint> {
    const { ring, size } = this;
    const { position } = this.locality;
    // Rounding halves what a floor would move when an endpoint goes.
    const start = position ? Math.round((position.index * ring.length) / position.clients) : 0;
    const slice = new Map<string, Endpoint>();
    for (let step = 0; step < size; step++) {
      const endpoint = ring[(start + step) % ring.length];
      if (endpoint) slice.set(endpoint.id, endpoint);
    }
    return slice;
  }

  /** Sorts all endpoints. */
  private sort(endpoints: readonly Endpoint[]): void {
    const seed = this.clientId === undefined ? undefined : hashString(this.clientId);
    this.hashOf = seed === undefined ? ringHash : (id) => mix(hashString(id) ^ seed);
    const sorted = [...endpoints]
      .map((endpoint) => ({ endpoint, hash: this.hashOf(endpoint.id) }))
      // By id where two hashes are equal: in every process the same.
      .sort((a, b) => a.hash - b.hash || (a.endpoint.id < b.endpoint.id ? -1 : 1));
    this.ring = sorted.map(({ endpoint }) => endpoint);
    this.hashes = sorted.map(({ hash }) => hash);
  }

  private change({ added, updated, removed }: ListUpdate): void {
    for (const { id } of removed) {
      const place = this.placeOf(id, this.hashOf(id));
      this.ring.splice(place, 1);
      this.hashes.splice(place, 1);
    }
    for (const endpoint of updated) this.ring[this.placeOf(endpoint.id, this.hashOf(endpoint.id))] = endpoint;
    for (const endpoint of added) {
      const hash = this.hashOf(endpoint.id);
      const place = this.placeOf(endpoint.id, hash);
      this.ring.splice(place, 0, endpoint);
      this.hashes.splice(place, 0, hash);
    }
  }

  /** The place of an id in the ring, or that at which it belongs. */
  private placeOf(id: string, hash: number): number {
    const { ring, hashes } = this;
    let low = 0;
    let high = ring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = hashes[middle] ?? 0;
      if (other < hash || (other === hash && (ring[middle]?.id ?? '') < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function ringHash(id: string): number {
  return hashString(id);
}
