import { silentLogger } from '../common/logger.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { memory } from '../registries/memory/memory.js';
import { RegistryPool } from './registry-pool.js';
import { type RegistrySource } from './registry-source.js';

const deps = { clock: new VirtualClock(), random: Math.random, logger: silentLogger };
const { signal } = new AbortController();

function counted(source: RegistrySource) {
  const counts = { opened: 0, closed: 0 };
  const counting: RegistrySource = {
    ...source,
    open: async (given) => {
      counts.opened += 1;
      const registry = await source.open(given);
      const close = registry.close.bind(registry);
      registry.close = async () => {
        counts.closed += 1;
        await close();
      };
      return registry;
    },
  };
  return { counting, counts };
}

describe('RegistryPool', () => {
  it('opens once for concurrent and later users, and closes after the last release', async () => {
    const pool = new RegistryPool();
    const { counting, counts } = counted(memory());
    const [one, two] = await Promise.all([pool.acquire(counting, deps), pool.acquire(counting, deps)]);
    const three = await pool.acquire(counting, deps);
    expect(one.registry).toBe(two.registry);
    expect(three.registry).toBe(two.registry);
    await one.release();
    await one.release();
    await two.release();
    expect(counts).toEqual({ opened: 1, closed: 0 });
    await three.registry.list({ kind: 'service', service: 'web' }, signal);
    await three.release();
    expect(counts).toEqual({ opened: 1, closed: 1 });
    expect(pool.size).toBe(0);
  });

  it('opens again after the last release', async () => {
    const pool = new RegistryPool();
    const { counting, counts } = counted(memory());
    const first = await pool.acquire(counting, deps);
    const releasing = first.release();
    const second = await pool.acquire(counting, deps);
    await releasing;
    expect(second.registry).not.toBe(first.registry);
    expect(counts).toEqual({ opened: 2, closed: 1 });
    await second.release();
  });

  it('opens one connection for each identity', async () => {
    const pool = new RegistryPool();
    const [one, two] = [await pool.acquire(memory(), deps), await pool.acquire(memory(), deps)];
    expect(one.registry).not.toBe(two.registry);
    expect(pool.size).toBe(2);
    await Promise.all([one.release(), two.release()]);
    expect(pool.size).toBe(0);
  });

  it('rejects all callers that wait for a failing open, and tries again on the next call', async () => {
    const pool = new RegistryPool();
    const good = memory();
    let failing = true;
    const source: RegistrySource = {
      ...good,
      open: async (given) => {
        if (failing) throw new Error('not now');
        return await good.open(given);
      },
    };
    const results = await Promise.allSettled([pool.acquire(source, deps), pool.acquire(source, deps)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(pool.size).toBe(0);
    failing = false;
    const pooled = await pool.acquire(source, deps);
    await pooled.release();
    expect(pool.size).toBe(0);
  });

  it('lists the included connection of another thread, once its state is known, until it is removed', () => {
    const pool = new RegistryPool();
    const states: { readonly driver: string; readonly connected: boolean }[] = [];
    const remove = pool.include(() => states[0]);
    expect(pool.connections).toEqual([]);
    states.push({ driver: 'etcd', connected: false });
    expect(pool.connections).toEqual([{ driver: 'etcd', connected: false }]);
    remove();
    expect(pool.connections).toEqual([]);
  });
});
