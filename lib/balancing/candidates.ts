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

/** The endpoints that remain when the ejected ones are left out. */
export interface HealthyPart {
  readonly candidates: readonly Endpoint[];
  /** Number of members that are ejected. */
  readonly ejected: number;
  /** Whether too few are healthy, so that all are candidates. */
  readonly panic: boolean;
}

/**
 * Leaves out the ejected members, unless fewer than `panicThreshold` percent would be left: then health is ignored, since
 * the healthy few could not bear the whole load.
 */
export function healthyPart(
  members: readonly Endpoint[],
  isEjected: (endpoint: Endpoint) => boolean,
  panicThreshold: number,
): HealthyPart {
  const healthy = members.filter((endpoint) => !isEjected(endpoint));
  const ejected = members.length - healthy.length;
  if (ejected === 0) return { candidates: members, ejected, panic: false };
  const panic = healthy.length === 0 || healthy.length * 100 < members.length * panicThreshold;
  return { candidates: panic ? members : healthy, ejected, panic };
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
