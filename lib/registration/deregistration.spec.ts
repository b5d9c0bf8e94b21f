import { silentLogger } from '../common/logger.js';
import { type EntryRecord, type KeyRecord, type EntryKey } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { type RegistrationEvent } from './registration-status.js';
import { LocalRegistrar } from './local-registrar.js';
import { type Registration, type RegistrationOptions } from './registrar.js';
import { clockTicker } from './ticker.js';

const OPTIONS: RegistrationOptions = { ttl: 9, updateInterval: 1, exclusive: false };
const K: EntryKey = { kind: 'key', key: 'k' };

describe('a deregistration that fails at first', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let registry: FaultyRegistry;
  let registrar: LocalRegistrar;
  let log: string[];
  let events: RegistrationEvent[];

  beforeEach(async () => {
    clock = new VirtualClock();
    source = memory();
    log = [];
    events = [];
    const write = (line: string): void => void log.push(line);
    const deps = { clock, random: () => 0.5, logger: { ...silentLogger, warn: write, log: write } };
    registry = new FaultyRegistry(await source.open(deps), clock);
    registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
    registrar.onEvent((event) => events.push(event));
  });

  afterEach(async () => {
    const closing = registrar.close();
    await clock.advance(3_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  const entry = (entryKey = K) => source.store.entry(entryKey);
  const value = (entryKey = K): string | undefined =>
    (entry(entryKey)?.record as KeyRecord | undefined)?.value;
  const producing =
    (text: string, key = 'k') =>
    (): EntryRecord => ({ kind: 'key', key, value: text });

  async function register(text: string, key = 'k', options = OPTIONS): Promise<Registration> {
    const registering = registrar.register(key, producing(text, key), options);
    await clock.advance(50);
    const registration = await registering;
    await registration.first;
    return registration;
  }

  /** Stops `registration` and waits until the deregistration continues in the background. */
  async function stop(registration: Registration): Promise<void> {
    const stopping = registration.stop();
    await clock.advance(2_500);
    await stopping;
  }

  it('is retried after a refusal until the entry is gone', async () => {
    const registration = await register('v');
    await register('w', 'other');
    registry.fail('refuse', 'remove');
    await stop(registration);
    expect(value()).toBe('v');
    registry.heal();
    await clock.advance(5_000);
    expect(value()).toBeUndefined();
    expect(value({ kind: 'key', key: 'other' })).toBe('w');
    const removals = registry.count('remove');
    await clock.advance(60_000);
    expect(registry.count('remove')).toBe(removals);
  });

  it('warns of a refusal once, and logs the number of failed attempts when it succeeds', async () => {
    const registration = await register('v');
    registry.fail('refuse', 'remove');
    await stop(registration);
    await clock.advance(300_000);
    expect(registry.count('remove')).toBeGreaterThan(100);
    expect(log.filter((line) => line.includes('refused'))).toEqual([
      expect.stringMatching(/^Deregistering the key "k" failed; retrying/),
    ]);
    const attempts = registry.count('remove');
    registry.heal();
    await clock.advance(5_000);
    expect(log.filter((line) => line.includes('succeeded after'))).toEqual([
      `Deregistering the key "k" succeeded after ${attempts} failed attempts.`,
    ]);
  });

  it('reports no success when the entry is registered again before', async () => {
    const registration = await register('v');
    registry.fail('refuse', 'remove');
    const pausing = registration.pause();
    await clock.advance(2_500);
    await pausing;
    registration.resume();
    registry.heal();
    await clock.advance(5_000);
    expect(value()).toBe('v');
    expect(log.filter((line) => line.includes('succeeded'))).toEqual([]);
  });

  it('warns in few lines that many entries continue in the background', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    const registering = Promise.all(keys.map((key) => registrar.register(key, producing('v', key), OPTIONS)));
    await clock.advance(50);
    const registrations = await registering;
    await Promise.all(registrations.map(({ first }) => first));
    registry.fail('hang', 'remove');
    await Promise.all([...registrations.map((registration) => registration.stop()), clock.advance(2_500)]);
    const background = (): string[] => log.filter((line) => line.includes('in the background'));
    expect(background()).toHaveLength(10);
    expect(background()[0]).toContain('Deregistering "k0"');
    await clock.advance(60_000);
    expect(background()).toHaveLength(14);
    for (const key of keys) expect(background().join()).toContain(`Deregistering "${key}"`);
  });

  it('warns again when a later registration of the key continues in the background too', async () => {
    const background = (): string[] => log.filter((line) => line.includes('in the background'));
    for (const warnings of [1, 2]) {
      const registration = await register('v');
      registry.fail('refuse', 'remove');
      await stop(registration);
      expect(background()).toHaveLength(warnings);
      registry.heal();
      await clock.advance(5_000);
    }
  });

  it('is retried after a refusal of a pause', async () => {
    const registration = await register('v');
    registry.fail('refuse', 'remove');
    const pausing = registration.pause();
    await clock.advance(2_500);
    await pausing;
    registry.heal();
    await clock.advance(5_000);
    expect(value()).toBeUndefined();
    expect(registrar.statuses[0]?.state).toBe('paused');
  });

  it.each([
    ['hang', 'v'],
    ['hang', 'new'],
    ['down', 'v'],
    ['refuse', 'v'],
    ['refuse', 'new'],
  ] as const)('does not remove a later registration (%s, then "%s")', async (fault, text) => {
    const registration = await register('v');
    registry.fail(fault, 'remove');
    await stop(registration);
    await register(text);
    registry.heal();
    events.length = 0;
    await clock.advance(30_000);
    expect(value()).toBe(text);
    expect(events).toEqual([]);
    expect(registrar.statuses).toMatchObject([{ key: 'k', state: 'alive' }]);
  });

  it('does not remove a later registration with another TTL', async () => {
    const registration = await register('v');
    registry.fail('down');
    await stop(registration);
    const registering = registrar.register('k', producing('v'), { ...OPTIONS, ttl: 5, exclusive: true });
    await clock.advance(1_000);
    registry.heal();
    await clock.advance(20_000);
    const { first } = await registering;
    await first.catch(() => undefined);
    expect(value()).toBe('v');
    expect(registrar.statuses).toMatchObject([{ key: 'k', state: 'alive' }]);
    expect(source.store.sessions).toBe(1);
  });

  it('does not remove, when it arrives late, the entry that was written after a resume', async () => {
    const registration = await register('v');
    const version = entry()?.version;
    registry.fail('hang', 'remove');
    const pausing = registration.pause();
    await clock.advance(2_500);
    await pausing;
    registry.heal();
    registration.resume();
    await clock.advance(3_000);
    expect(value()).toBe('v');
    expect(entry()?.version).not.toBe(version);
  });

  it('removes a value whose write was applied without a response', async () => {
    const registration = await register('v');
    registry.fail('swallow', 'write');
    const writing = registration.update(producing('w'));
    await clock.advance(100);
    await stop(registration);
    await writing;
    await clock.advance(5_000);
    expect(value()).toBeUndefined();
  });
});

describe('a session that is refused', () => {
  it('is one warning per outage, also long after the start', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const source = memory();
    const deps = {
      clock,
      random: () => 0.5,
      logger: { ...silentLogger, warn: (line: string) => void log.push(line) },
    };
    const registry = new FaultyRegistry(await source.open(deps), clock);
    const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
    const { first } = await registrar.register('k', () => ({ kind: 'key', key: 'k', value: 'v' }), OPTIONS);
    await clock.advance(50);
    await first;
    for (const round of [1, 2]) {
      registry.fail('refuse', 'open');
      source.store.revoke(source.store.entry(K)?.owner ?? '');
      await clock.advance(300_000);
      expect(registrar.statuses[0]?.state).toBe('lost');
      expect(log.filter((line) => /^Opening a session at .* failed; retrying/.test(line))).toHaveLength(
        round,
      );
      registry.heal();
      await clock.advance(6_000);
      expect(registrar.statuses[0]?.state).toBe('alive');
    }
    const closing = registrar.close();
    await clock.advance(2_000);
    await closing;
    expect(clock.pending).toBe(0);
  });
});

describe('refused writes', () => {
  it('are one warning per entry, not one per tick', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const write = (line: string): void => void log.push(line);
    const deps = { clock, random: () => 0.5, logger: { ...silentLogger, warn: write, log: write } };
    const registry = new FaultyRegistry(await memory().open(deps), clock);
    const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
    registry.fail('refuse', 'write');
    const keys = Array.from({ length: 6 }, (_, n) => `key-${n}.`);
    for (const key of keys) {
      const { first } = await registrar.register(key, () => ({ kind: 'key', key, value: 'v' }), OPTIONS);
      first.catch(() => undefined);
    }
    await clock.advance(120_000);
    expect(registry.count('write')).toBeGreaterThan(6 * 100);
    for (const key of keys) expect(log.filter((line) => line.includes(`"${key}"`))).toHaveLength(1);
    expect(log.length).toBeLessThanOrEqual(6);
    log.length = 0;
    registry.heal();
    await clock.advance(2_000);
    expect(log.filter((line) => /succeeded after \d{3} failed attempts/.test(line))).toHaveLength(6);
    const closing = registrar.close();
    await clock.advance(2_000);
    await closing;
    expect(clock.pending).toBe(0);
  });
});
