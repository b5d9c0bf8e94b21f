import { type ServiceChange } from '../../lib/discovery/service-change.js';
import { entryOf, openWorld } from '../bench/measure/still-world.js';

/** So few that the memory of a round is not collected before it is measured, even that of a copy of the list. */
const PICKS = 1_000;
const ROUNDS = 15;

/** Until V8 has compiled a pick for good, which takes memory too. */
const WARM_UP = 200_000;

/** V8 compiles in a thread of its own, which a busy machine may not run during the first warm-ups. */
const MOST_WARM_UPS = 20;

/** Bytes. An object is at least 16. */
const NOTHING = 4;

/** Bytes that a pick leaves on the heap once it is compiled. */
function bytesOf(run: (picks: number) => void): number {
  let bytes = Infinity;
  for (let warmUp = 0; warmUp < MOST_WARM_UPS && bytes >= NOTHING; warmUp++) {
    run(WARM_UP);
    bytes = medianOf(run);
  }
  return bytes;
}

/** The median of the rounds, since a collection makes one too small. */
function medianOf(run: (picks: number) => void): number {
  const bytes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    run(PICKS);
    bytes.push(process.memoryUsage().heapUsed - before);
  }
  return bytes.sort((one, other) => one - other)[ROUNDS >> 1]! / PICKS;
}

describe('a pick allocates nothing', () => {
  it.each(['round-robin', 'maglev', 'pick-first'] as const)('by %s', async (balancer) => {
    const { discovery, close } = await openWorld(1, 100, balancer);
    const handle = discovery.of('service-0');
    const bytes = bytesOf((picks) => {
      for (let pick = 0; pick < picks; pick++) handle.pick(pick);
    });
    await close();
    expect(bytes).toBeLessThan(NOTHING);
  });

  it('by the name of a service', async () => {
    const { discovery, close } = await openWorld(1, 100);
    const bytes = bytesOf((picks) => {
      for (let pick = 0; pick < picks; pick++) discovery.pick('service-0');
    });
    await close();
    expect(bytes).toBeLessThan(NOTHING);
  });
});

describe('one change in a list', () => {
  it.each([10, 1_000])('replaces one endpoint of %d and reports one change', async (size) => {
    const { registry, discovery, close } = await openWorld(1, size);
    const handle = discovery.of('service-0');
    const before = new Set(handle.endpoints);
    const changes: ServiceChange[] = [];
    const changed = new Promise<void>((resolve) => {
      handle.changes.subscribe((change) => {
        changes.push(change);
        resolve();
      });
    });
    registry.push([{ kind: 'put', entry: entryOf('service-0', 3, 1, 1) }]);
    await changed;
    expect(
      changes.map(({ added, updated, removed }) => [added.length, updated.length, removed.length]),
    ).toEqual([[0, 1, 0]]);
    expect(handle.endpoints.filter((endpoint) => before.has(endpoint))).toHaveLength(size - 1);
    await close();
  });
});
