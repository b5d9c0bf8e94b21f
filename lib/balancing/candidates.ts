import { type Endpoint } from '../discovery/endpoint.js';

/** The endpoints of `all` with a weight above 0; all of them when none has. */
export function withWeight(all: readonly Endpoint[]): readonly Endpoint[] {
  if (all.every(({ weight }) => weight > 0)) return all;
  const weighted = all.filter(({ weight }) => weight > 0);
  return weighted.length > 0 ? weighted : all;
}

/** The endpoints of `zone` while at least half of them are healthy; all of them otherwise. */
export function preferZone(
  all: readonly Endpoint[],
  zone: string | undefined,
  isHealthy: (endpoint: Endpoint) => boolean,
): readonly Endpoint[] {
  if (zone === undefined) return all;
  const local = all.filter((endpoint) => endpoint.zone === zone);
  if (local.length === 0 || local.length === all.length) return all;
  return local.filter(isHealthy).length * 2 >= local.length ? local : all;
}

/** The weights of the endpoints; undefined when all are equal. */
export function weightsOf(endpoints: readonly Endpoint[]): readonly number[] | undefined {
  const first = endpoints[0]?.weight;
  if (endpoints.every(({ weight }) => weight === first)) return undefined;
  return endpoints.map(({ weight }) => weight);
}
