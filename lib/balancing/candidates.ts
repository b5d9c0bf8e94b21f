import { type Endpoint } from '../discovery/endpoint.js';
import { type EndpointsDiff } from '../discovery/service-change.js';

// Lists may be long and change often, and V8 reads frozen arrays slowly. Whatever looks at every endpoint of a list is a
// loop over a copy.

/** The weight that all endpoints have; undefined when they differ, or when there are none. */
export function equalWeight(all: readonly Endpoint[]): number | undefined {
  const first = all[0]?.weight;
  for (const { weight } of [...all]) if (weight !== first) return undefined;
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
  const weighted: Endpoint[] = [];
  for (const endpoint of [...all]) if (endpoint.weight > 0) weighted.push(endpoint);
  return weighted.length > 0 && weighted.length < all.length ? weighted : all;
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
  const weights: number[] = [];
  let isEqual = true;
  for (const endpoint of [...candidates]) {
    // Candidates have a weight of 0 only when all have: then they are equal.
    const weight = shareOf ? (endpoint.weight || 1) * shareOf(endpoint) : endpoint.weight;
    weights.push(weight);
    isEqual &&= weight === weights[0];
  }
  return isEqual ? undefined : weights;
}

/** Whether two lists have the same endpoints in the same order. */
export function sameEndpoints(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
