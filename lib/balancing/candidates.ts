import { type Endpoint } from '../discovery/endpoint.js';
import { type EndpointsDiff } from '../discovery/service-change.js';

// Lists may be long and change often, and V8 calls a callback for each element of a frozen array slowly. Whatever looks at
// every endpoint of every list is a loop.

/** The weight that all endpoints have; undefined when they differ, or when there are none. */
export function equalWeight(all: readonly Endpoint[]): number | undefined {
  const first = all[0]?.weight;
  for (let index = 1; index < all.length; index++) if (all[index]?.weight !== first) return undefined;
  return first;
}

/**
 * The weight that all endpoints have after a change; undefined when they may differ.
 *
 * @param before the weight that all had
 */
export function weightAfter(before: number, { added, updated }: EndpointsDiff): number | undefined {
  for (const { weight } of added) if (weight !== before) return undefined;
  for (const { weight } of updated) if (weight !== before) return undefined;
  return before;
}

/** The endpoints of `all` with a weight above 0; all of them when none has. */
export function withWeight(all: readonly Endpoint[]): readonly Endpoint[] {
  let hasZero = false;
  for (let index = 0; index < all.length && !hasZero; index++) hasZero = all[index]?.weight === 0;
  if (!hasZero) return all;
  const weighted = all.filter(({ weight }) => weight > 0);
  return weighted.length > 0 ? weighted : all;
}

/**
 * Whether so few members are healthy that health is ignored: the healthy few could not bear the whole load.
 *
 * @param threshold percent of the members
 */
export function isPanic(members: number, ejected: number, threshold: number): boolean {
  if (ejected === 0) return false;
  const healthy = members - ejected;
  return healthy === 0 || healthy * 100 < members * threshold;
}

/**
 * The weights of candidates; undefined when all are equal.
 *
 * @param shareOf the share of its weight that an endpoint has while it warms up
 */
export function weightsOf(
  candidates: readonly Endpoint[],
  shareOf: ((endpoint: Endpoint) => number) | undefined,
): readonly number[] | undefined {
  if (!shareOf) {
    const first = candidates[0]?.weight;
    let isEqual = true;
    for (let index = 1; index < candidates.length && isEqual; index++)
      isEqual = candidates[index]?.weight === first;
    return isEqual ? undefined : candidates.map(({ weight }) => weight);
  }
  // Candidates have a weight of 0 only when all have: then they are equal.
  const weights = candidates.map((endpoint) => (endpoint.weight || 1) * shareOf(endpoint));
  return weights.every((weight) => weight === weights[0]) ? undefined : weights;
}

/** Whether two lists have the same endpoints in the same order. */
export function sameEndpoints(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
