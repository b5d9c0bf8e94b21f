import { type Balancer } from '../../../lib/balancing/balancer.js';
import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';

/** An endpoint of the service `web`. */
export function endpoint(id: string | number, fields: Partial<PartialInstance> = {}): Endpoint {
  return completeInstance({ service: 'web', id: String(id), address: '10.0.0.1', port: 80, ...fields });
}

/** A list as the service cache makes it. */
export function endpoints(...ids: (string | number | Endpoint)[]): readonly Endpoint[] {
  return Object.freeze(ids.map((id) => (typeof id === 'object' ? id : endpoint(id))));
}

/** A list with the ids from 0 to `count` - 1. */
export function endpointsUpTo(count: number): readonly Endpoint[] {
  return endpoints(...Array.from({ length: count }, (_, id) => id));
}

/** The ids of the next picks. */
export function picks(balancer: Balancer, count: number): (string | undefined)[] {
  return Array.from({ length: count }, (_, key) => balancer.pick(key)?.id);
}

/** The standard deviation of the counts relative to their mean. */
export function relativeDeviation(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  return Math.sqrt(variance) / mean;
}

/** `count` ids in turn, beginning with `first`: round robin starts at a random endpoint. */
export function inTurn(
  ids: readonly string[],
  first: string | undefined,
  count: number,
): readonly (string | undefined)[] {
  const start = ids.indexOf(first ?? '');
  return Array.from({ length: count }, (_, index) => ids[(start + index) % ids.length]);
}
