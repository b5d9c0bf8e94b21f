import { silentLogger } from '../common/logger.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type Registry } from '../registry/registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { LocalRegistrar } from './local-registrar.js';
import { clockTicker } from './ticker.js';

const OPTIONS = { ttl: 10, updateInterval: 8, exclusive: false };

interface Cost {
  readonly timers: number;
  readonly watches: number;
  readonly lists: number;
  readonly writes: number;
}

/**
 * Registers `keys` constant keys, lets them rest for a minute, and counts what they cost.
 *
 * @param lose removes the entries after the start
 */
async function costOf(keys: number, lose?: (source: MemorySource) => void): Promise<Cost> {
  const clock = new VirtualClock();
  const deps = { clock, random: () => 0.5, logger: silentLogger };
  const source = memory();
  const registry = await source.open(deps);
  const calls = { watches: 0, lists: 0, writes: 0 };
  const counted: Registry = {
    driver: registry.driver,
    url: registry.url,
    openSession: async (options, signal) => {
      const session = await registry.openSession(options, signal);
      const write = session.write.bind(session);
      session.write = async (...args) => {
        calls.writes += 1;
        return await write(...args);
      };
      const watch = session.watch?.bind(session);
      if (watch)
        session.watch = (ending) => {
          calls.watches += 1;
          return watch(ending);
        };
      return session;
    },
    list: async (scope, signal) => {
      calls.lists += 1;
      return await registry.list(scope, signal);
    },
    watch: (scope, cursor, signal) => {
      calls.watches += 1;
      return registry.watch(scope, cursor, signal);
    },
    close: () => registry.close(),
  };
  const registrar = new LocalRegistrar({
    ...deps,
    registry: counted,
    ticker: clockTicker(clock),
    name: 'cost',
  });
  for (let n = 0; n < keys; n += 1) {
    const key = `/k/${n}`;
    await registrar.register(key, { kind: 'key', key, value: 'v' }, OPTIONS);
  }
  await clock.advance(1_000);
  lose?.(source);
  await clock.advance(60_000);
  expect(registrar.statuses.filter(({ state }) => state === 'alive')).toHaveLength(keys);
  const timers = clock.pending;
  await registrar.close();
  await registry.close();
  return { timers, ...calls };
}

describe('the cost of keys at rest', () => {
  it('has as many timers and watches for 500 constant keys as for one, and reads none', async () => {
    const one = await costOf(1);
    expect(await costOf(500)).toEqual({ ...one, writes: 500 });
    expect(one.watches).toBe(1);
    expect(one.lists).toBe(0);
  });
});

describe('the cost of a mass loss', () => {
  const KEYS = 200;

  it('is one write for each deleted key, and no read', async () => {
    const { lists, writes } = await costOf(KEYS, ({ store }) => {
      for (let n = 0; n < KEYS; n += 1) store.remove({ kind: 'key', key: `/k/${n}` }, 'withdrawn');
    });
    expect({ lists, writes }).toEqual({ lists: 0, writes: 2 * KEYS });
  });

  it('is one write for each key of a revoked session, besides those in flight, and no read', async () => {
    const { lists, writes } = await costOf(KEYS, ({ store }) => {
      store.revoke('1');
    });
    expect(lists).toBe(0);
    expect(writes).toBeGreaterThanOrEqual(2 * KEYS);
    expect(writes).toBeLessThan(2.5 * KEYS);
  });
});
