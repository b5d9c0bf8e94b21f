import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { type Session } from '../registry/registry.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type RegistrationEvent } from './registration-status.js';
import { LocalRegistrar } from './local-registrar.js';
import { clockTicker } from './ticker.js';

/** Registers a key for ten minutes with requests that take `delay` milliseconds each, and returns the events. */
async function tenMinutes(
  ttl: number,
  delay: number,
  renewTimeoutMs?: number,
): Promise<readonly RegistrationEvent[]> {
  const clock = new VirtualClock();
  const deps = { clock, random: () => 0.5, logger: silentLogger };
  const registry = new FaultyRegistry(await memory().open(deps), clock);
  if (renewTimeoutMs !== undefined) {
    const open = registry.openSession.bind(registry);
    // Opened before the network becomes slow, so that no round trip is measured yet.
    registry.openSession = async (options, signal): Promise<Session> => ({
      ...(await open(options, signal)),
      renewTimeoutMs,
    });
  } else registry.slow(delay);
  const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
  const events: RegistrationEvent[] = [];
  registrar.onEvent((event) => events.push(event));
  const registering = registrar.register('k', () => ({ kind: 'key', key: 'k', value: 'v' }), {
    ttl,
    updateInterval: 8,
    exclusive: false,
  });
  await clock.advance(100);
  registry.slow(delay);
  await clock.advance(600_000);
  await (
    await registering
  ).first;
  const seen = [...events];
  const closing = registrar.close();
  await clock.advance(5_000);
  await closing;
  return seen;
}

describe('a slow network', () => {
  it.each([
    [3, 600],
    [10, 1_100],
    [10, 1_900],
  ])('does not lose a key with a TTL of %d s at a round trip of %d ms', async (ttl, delay) => {
    expect(await tenMinutes(ttl, delay)).toEqual([{ type: 'alive', key: 'k' }]);
  });

  it('does not lose a key when it becomes slow later and the driver has a timeout', async () => {
    expect(await tenMinutes(3, 600, 5_000)).toEqual([{ type: 'alive', key: 'k' }]);
  });

  it('does not lose a key while the round trip rises and falls', async () => {
    const clock = new VirtualClock();
    const deps = { clock, random: () => 0.5, logger: silentLogger };
    const registry = new FaultyRegistry(await memory().open(deps), clock);
    const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
    const events: string[] = [];
    registrar.onEvent(({ type }) => events.push(type));
    const options = { ttl: 3, updateInterval: 8, exclusive: false };
    await registrar.register('k', () => ({ kind: 'key', key: 'k', value: 'v' }), options);
    for (const delay of [20, 900, 20, 700, 450, 800, 20, 950, 20]) {
      registry.slow(delay);
      await clock.advance(20_000);
    }
    expect(events).toContain('late');
    expect(events).not.toContain('lost');
    const closing = registrar.close();
    await clock.advance(5_000);
    await closing;
  });

  it('loses the key when a round trip takes longer than a third of the TTL', async () => {
    const events = await tenMinutes(3, 1_400);
    expect(events.map(({ type }) => type)).toContain('lost');
  });
});
