import { CHANNELS, listen, type RegistryRequestMessage } from '../common/diagnostics.js';
import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { observedRegistry } from './observed-registry.js';
import { type Registry } from './registry.js';
import { sharedConnectionOf } from './shared-connection.js';

describe('observedRegistry', () => {
  const clock = new VirtualClock();
  const deps = { clock, random: Math.random, logger: silentLogger };
  const { signal } = new AbortController();
  const scope = { kind: 'service', service: 'web' } as const;
  const messages: RegistryRequestMessage[] = [];
  let faulty: FaultyRegistry;
  let observed: Registry;
  let end: () => void;

  beforeEach(async () => {
    messages.length = 0;
    faulty = new FaultyRegistry(await memory().open(deps), clock);
    observed = observedRegistry(faulty, { clock, applicationId: 'app' });
    end = listen(CHANNELS.registryRequest, 'app', (message) => messages.push(message));
  });

  afterEach(async () => {
    end();
    await faulty.close();
  });

  it('publishes every request of a session', async () => {
    const session = await observed.openSession({ ttl: 10 }, signal);
    await session.renew(signal);
    await session.write({ kind: 'key', key: 'k', value: 'v' }, undefined, signal);
    await session.remove({ kind: 'key', key: 'k' }, signal);
    await session.end(signal);
    expect(messages.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'open-session ok',
      'renew ok',
      'write ok',
      'remove ok',
      'end-session ok',
    ]);
    expect(messages[0]).toEqual({
      applicationId: 'app',
      registry: 'memory',
      operation: 'open-session',
      outcome: 'ok',
      durationMs: 0,
    });
    expect(Object.isFrozen(messages[0])).toBe(true);
  });

  it('publishes the duration, and a failure', async () => {
    faulty.slow(40);
    const listing = observed.list(scope, signal);
    await clock.advance(40);
    await listing;
    faulty.slow(0);
    faulty.fail('down');
    await expect(observed.list(scope, signal)).rejects.toThrow();
    expect(messages).toMatchObject([
      { operation: 'list', outcome: 'ok', durationMs: 40 },
      { operation: 'list', outcome: 'error' },
    ]);
  });

  it('publishes nothing for a request that its caller gave up', async () => {
    faulty.slow(40);
    const caller = new AbortController();
    const listing = observed.list(scope, caller.signal);
    caller.abort(new Error('closed'));
    await expect(listing).rejects.toThrow();
    expect(messages).toEqual([]);
  });

  it('has the methods of the registry, and shares its connection', async () => {
    expect('discard' in observed).toBe(faulty.discard !== undefined);
    expect(observed.url).toBe(faulty.url);
    expect(await observed.services?.(signal)).toEqual([]);
    expect(sharedConnectionOf(observed, deps)).toBe(sharedConnectionOf(faulty, deps));
  });
});
