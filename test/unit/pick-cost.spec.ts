import { type ServiceChange } from '../../lib/discovery/service-change.js';
import { entryOf, openWorld } from '../bench/measure/still-world.js';

const PICKS = 100_000;

describe.each(['round-robin', 'maglev', 'pick-first'] as const)('a pick by %s', (balancer) => {
  it('allocates nothing', async () => {
    const { discovery, close } = await openWorld(1, 100, balancer);
    const handle = discovery.of('service-0');
    const bytes: number[] = [];
    for (let round = 0; round < 8; round++) {
      const before = process.memoryUsage().heapUsed;
      for (let pick = 0; pick < PICKS; pick++) handle.pick(pick);
      bytes.push(process.memoryUsage().heapUsed - before);
    }
    await close();
    // An object a pick is at least 16 bytes. The compiler's own memory is in the first rounds.
    expect(Math.min(...bytes.slice(2)) / PICKS).toBeLessThan(1);
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
