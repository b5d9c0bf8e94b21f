import { type Endpoint } from '../discovery/endpoint.js';
import { type Locality } from './locality.js';
import { hashString, mix } from './strategies/hash.js';

/**
 * The endpoints that this process uses of `all`, in their order: always the same ones while the lists stay the same, and
 * few others when one endpoint or client comes or goes.
 *
 * With a known position the clients take slices of a ring, spread evenly, so that all endpoints have the same number of
 * clients, within one. Without, each client takes the endpoints that score highest by a hash of both, which is even only
 * on average.
 *
 * @param size at least 1
 */
export function subsetOf(
  all: readonly Endpoint[],
  size: number,
  { position, clientId }: Pick<Locality, 'position' | 'clientId'>,
): readonly Endpoint[] {
  if (all.length <= size) return all;
  const chosen = new Set<Endpoint>();
  if (position) {
    const ring = ordered(all, ({ id }) => hashString(id));
    // Rounding halves what a floor would move when an endpoint goes.
    const start = Math.round((position.index * all.length) / position.clients);
    for (let step = 0; step < size; step++) {
      const endpoint = ring[(start + step) % ring.length];
      if (endpoint) chosen.add(endpoint);
    }
  } else {
    const seed = hashString(clientId);
    const scored = ordered(all, ({ id }) => mix(hashString(id) ^ seed));
    for (const endpoint of scored.slice(0, size)) chosen.add(endpoint);
  }
  return all.filter((endpoint) => chosen.has(endpoint));
}

/** Sorts by a hash, and by id where two hashes are equal: in every process the same. */
function ordered(all: readonly Endpoint[], hashOf: (endpoint: Endpoint) => number): readonly Endpoint[] {
  return all
    .map((endpoint) => ({ endpoint, hash: hashOf(endpoint) }))
    .sort((a, b) => a.hash - b.hash || (a.endpoint.id < b.endpoint.id ? -1 : 1))
    .map(({ endpoint }) => endpoint);
}
