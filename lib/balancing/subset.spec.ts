import { endpointsUpTo, relativeDeviation } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Locality } from './locality.js';
import { newList } from '../discovery/service-change.js';
import { Subset } from './subset.js';
import { runs } from '../../test/harness/in-memory/runs.js';

const ids = (endpoints: readonly Endpoint[]): string[] => endpoints.map(({ id }) => id);

function subsetOf(
  all: readonly Endpoint[],
  size: number,
  locality: Pick<Locality, 'position' | 'clientId'>,
): readonly Endpoint[] {
  return new Subset(size, locality).follow(newList(all)).endpoints;
}

/** The ids that each of `clients` uses, by their position. */
function byPosition(all: readonly Endpoint[], clients: number, size: number): readonly (readonly string[])[] {
  return Array.from({ length: clients }, (_, index) =>
    ids(subsetOf(all, size, { position: { index, clients }, clientId: 'x' })),
  );
}

function clientsPerEndpoint(all: readonly Endpoint[], subsets: readonly (readonly string[])[]): number[] {
  const counts = new Map(all.map(({ id }) => [id, 0]));
  for (const id of subsets.flat()) counts.set(id, counts.get(id)! + 1);
  return [...counts.values()];
}

function moved(before: readonly (readonly string[])[], after: readonly (readonly string[])[]): number {
  let opened = 0;
  after.forEach((subset, client) => {
    opened += subset.filter((id) => !before[client]!.includes(id)).length;
  });
  return opened / before.flat().length;
}

describe('Subset', () => {
  it('takes all endpoints while there are not more, and keeps their order', () => {
    const all = endpointsUpTo(5);
    expect(subsetOf(all, 5, { position: undefined, clientId: 'x' })).toBe(all);
    const some = subsetOf(all, 3, { position: undefined, clientId: 'x' });
    expect(ids(some)).toEqual(ids(all).filter((id) => ids(some).includes(id)));
    expect(some).toHaveLength(3);
  });

  it.each([
    [100, 100, 10],
    [100, 1_000, 10],
    [100, 37, 20],
    [7, 50, 3],
  ])('is even within one: %i endpoints, %i clients with a position, %i each', (endpoints, clients, size) => {
    const all = endpointsUpTo(endpoints);
    const counts = clientsPerEndpoint(all, byPosition(all, clients, size));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('moves at most 5 % of the connections on average when one of 100 endpoints goes, 6 % in the worst case', () => {
    const all = endpointsUpTo(100);
    const before = byPosition(all, 100, 10);
    // Every fourth: each takes 100 subsets.
    const shares = all
      .filter((_, index) => index % runs(4, 1) === 0)
      .map((gone) =>
        moved(
          before,
          byPosition(
            all.filter((each) => each !== gone),
            100,
            10,
          ),
        ),
      );
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeLessThanOrEqual(0.05);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.06);
  });

  it('moves few connections when one of 100 clients goes', () => {
    const all = endpointsUpTo(100);
    const before = byPosition(all, 100, 10);
    for (const gone of [0, 42, 99]) {
      const rest = before.filter((_, client) => client !== gone);
      expect(moved(rest, byPosition(all, 99, 10))).toBeLessThanOrEqual(0.06);
    }
  });

  it('is nearly even without positions: 1,000 clients, 10 of 100 endpoints each', () => {
    const all = endpointsUpTo(100);
    const subsets = Array.from({ length: 1_000 }, (_, client) =>
      ids(subsetOf(all, 10, { position: undefined, clientId: `host-${client}:1` })),
    );
    expect(relativeDeviation(clientsPerEndpoint(all, subsets))).toBeLessThanOrEqual(0.12);
  });
});
