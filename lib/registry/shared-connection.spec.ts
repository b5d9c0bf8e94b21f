import { ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { isConnected, shareConnection, shareReconnect, sharedConnectionOf } from './shared-connection.js';

describe('sharedConnectionOf', () => {
  const clock = new VirtualClock();
  const deps = { clock, random: Math.random, logger: silentLogger };

  it('returns the same for all users of a connection', async () => {
    const [one, other] = await Promise.all([memory().open(deps), memory().open(deps)]);
    expect(sharedConnectionOf(one, deps)).toBe(sharedConnectionOf(one, deps));
    expect(sharedConnectionOf(one, deps)).not.toBe(sharedConnectionOf(other, deps));
    await Promise.all([one.close(), other.close()]);
  });

  it('has the coordinator of the driver, if the driver shares its own', async () => {
    const registry = await memory().open(deps);
    const reconnect = new ReconnectCoordinator(deps);
    shareReconnect(registry, reconnect);
    expect(sharedConnectionOf(registry, deps).reconnect).toBe(reconnect);
    await registry.close();
  });

  it('knows of a view whether its connection reaches the registry', async () => {
    const registry = await memory().open(deps);
    const view = Object.create(registry) as typeof registry;
    shareConnection(view, registry);
    expect(isConnected(view)).toBe(true);
    sharedConnectionOf(view, deps).reconnect.attemptFailed();
    expect([isConnected(view), isConnected(registry)]).toEqual([false, false]);
    await registry.close();
  });
});
