import { listing, ScriptedRegistry } from '../../test/harness/in-memory/scripted-registry.js';
import { BALANCER_NAMES } from '../balancing/create-balancer.js';
import { silentLogger } from '../common/logger.js';
import { CombinedSelection } from '../discovery/combined-selection.js';
import { ServiceCache } from '../discovery/service-cache.js';
import { completeInstance, type Instance } from '../registry/instance.js';
import { type ServiceState } from '../discovery/service-change.js';
import { type Change, type RegistryEntry } from '../registry/registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type ClientLocality } from './client-locality.js';
import { type ServiceOptions } from './piloted.options.js';
import { queryOf, type RegistryCaches } from './registry-caches.js';
import { ServiceHandles } from './service-handles.js';

/** The reads of any field of any instance. */
const reads = { count: 0 };

/** An instance that counts the reads of its fields. Its metadata is its own, so that it is not replaced by a copy. */
function counted(index: number, version: number, address: string): Instance {
  const plain = completeInstance({
    service: 'web',
    id: `web-${index}`,
    address,
    port: 1 + index,
    tags: ['blue'],
    zone: index % 2 === 0 ? 'east' : 'west',
    meta: { version: `${index}.${version}` },
  });
  const fields = Object.entries(plain).map(([name, value]) => [
    name,
    {
      enumerable: true,
      get: () => {
        reads.count += 1;
        return value as unknown;
      },
    },
  ]);
  return Object.freeze(
    Object.defineProperties({}, Object.fromEntries(fields) as PropertyDescriptorMap),
  ) as Instance;
}

function entry(index: number, version = 1, address = '10.0.0.1'): RegistryEntry {
  return {
    record: { kind: 'instance', instance: counted(index, version, address) },
    version: String(version),
    owner: undefined,
  };
}

interface Cost {
  readonly update: number;
  readonly add: number;
  readonly remove: number;
}

const locality = {
  zone: 'east',
  clientId: 'client',
  position: { index: 1, clients: 3 },
  count: () => undefined,
  subscribe: () => () => undefined,
} as unknown as ClientLocality;

/**
 * The reads for one change of each kind in a list of `size`.
 *
 * @param others lists of further registries that the service is in
 */
async function costOf(
  size: number,
  options: Omit<ServiceOptions, 'name'>,
  others: readonly (readonly RegistryEntry[])[] = [],
): Promise<Cost> {
  const clock = new VirtualClock();
  const registry = new ScriptedRegistry();
  registry.answer = () => listing(Array.from({ length: size }, (_, index) => entry(index)));
  const deps = { clock, random: () => 0.5, logger: silentLogger };
  const cache = new ServiceCache(deps);
  const all = [cache, ...others.map(() => new ServiceCache(deps))];
  const caches = {
    watch: (service: ServiceOptions, after: ServiceState) =>
      all.length === 1
        ? cache.watch(queryOf(service), after)
        : new CombinedSelection(
            'web',
            all.map((each) => each.watch(queryOf(service))),
            [],
            after,
          ),
  } as unknown as RegistryCaches;
  const handles = new ServiceHandles({
    ...deps,
    cache,
    caches,
    locality,
    balancer: 'round-robin',
    bootTimeout: 5,
  });
  await handles.configure([{ name: 'web', ...options }]);
  const handle = handles.of('web');
  await cache.start(registry);
  for (const [index, entries] of others.entries()) {
    const other = new ScriptedRegistry();
    other.answer = () => listing(entries);
    await all[index + 1]?.start(other);
  }
  await clock.advance(0);
  const costs: number[] = [];
  const apply = async (change: Change): Promise<void> => {
    const before = reads.count;
    registry.watch_.send(change);
    await clock.advance(0);
    costs.push(reads.count - before);
    handle.pick('key');
  };
  // A table of maglev is made by the first pick, and after a change by a timer.
  handle.pick('key');
  // The first change finds nothing to compare with.
  await apply({ kind: 'put', entry: entry(1, 2) });
  await apply({ kind: 'put', entry: entry(2, 2) });
  await apply({ kind: 'put', entry: entry(size) });
  // The added endpoint warms up for as long.
  await clock.advance(1_000);
  await apply({
    kind: 'delete',
    entryKey: { kind: 'instance', service: 'web', id: 'web-3' },
    cause: 'withdrawn',
  });
  expect(handle.endpoints.length).toBeGreaterThanOrEqual(size);
  handles.close();
  await Promise.all(all.map((each) => each.close()));
  const [, update = 0, add = 0, remove = 0] = costs;
  return { update, add, remove };
}

const CASES: readonly (readonly [string, Omit<ServiceOptions, 'name'>])[] = [
  ...BALANCER_NAMES.map((balancer) => [balancer, { balancer }] as const),
  ['a tag', { tag: 'blue' }],
  ['a zone', { zone: 'east' }],
  ['the zone of the process', { zone: 'auto' }],
];

/** A scan would read at least `LARGE - SMALL` fields more. */
const SMALL = 10;
const LARGE = 500;
const FEW = 10;

describe('the cost of one change in a list', () => {
  it.each(CASES)('looks at the changed endpoint only: %s', async (_what, options) => {
    const small = await costOf(SMALL, options);
    const large = await costOf(LARGE, options);
    expect(small.update).toBeGreaterThan(0);
    expect(large.update).toBeLessThan(small.update + FEW);
    expect(large.add).toBeLessThan(small.add + FEW);
    expect(large.remove).toBeLessThan(small.remove + FEW);
  });

  it.each([
    ['the same instances', '10.0.0.1'],
    ['others with the same ids', '10.0.0.2'],
  ])('looks at the changed endpoint only, of two registries with %s', async (_what, address) => {
    const other = (size: number): RegistryEntry[] =>
      Array.from({ length: size }, (_, index) => entry(index, 1, address));
    const small = await costOf(SMALL, {}, [other(SMALL)]);
    const large = await costOf(LARGE, {}, [other(LARGE)]);
    expect(small.update).toBeGreaterThan(0);
    expect(large.update).toBeLessThan(small.update + FEW);
    expect(large.add).toBeLessThan(small.add + FEW);
    expect(large.remove).toBeLessThan(small.remove + FEW);
  });

  it('looks at the changed endpoint only while no endpoint warms up', async () => {
    const small = await costOf(SMALL, { slowStart: 0.5 });
    const large = await costOf(LARGE, { slowStart: 0.5 });
    expect(large.update).toBeLessThan(small.update + FEW);
    expect(large.remove).toBeLessThan(small.remove + FEW);
  });

  it('looks at the changed endpoint and the subset only', async () => {
    const { update, add, remove } = await costOf(LARGE, { subset: 5 });
    for (const cost of [update, add, remove]) expect(cost).toBeLessThan(LARGE / 4);
  });
});
