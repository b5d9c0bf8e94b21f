import { type EntryRecord } from '../registry/entry-record.js';
import { key, OPTIONS, types, World } from '../../test/harness/in-memory/registrar-world.js';

describe('LocalRegistrar and changes of a registration', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    await world.close();
    expect(world.clock.pending).toBe(0);
  });

  const register: World['register'] = async (...args) => await world.register(...args);

  it('writes a new value at once, and an equal one not at all', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    const writes = registry.count('write');
    await registration.update(key('k', 'v2'));
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(80_000);
    expect(registry.count('write')).toBe(writes + 1);
  });

  it('writes a new value at once while it waits for a retry', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    registry.fail('down', 'write');
    const failing = registration.update(key('k', 'v2'));
    await world.clock.advance(2_100);
    await failing;
    registry.heal();
    await registration.update(key('k', 'v3'));
    expect(world.value('k')).toBe('v3');
  });

  it('computes the value with every tick, and the last value stays when that fails', async () => {
    const { registrar } = await world.registrar();
    let n = 0;
    const produce = (): EntryRecord => {
      n += 1;
      if (n === 3) throw new Error('no value today');
      return { kind: 'key', key: 'k', value: `v${n}` };
    };
    await registrar.register('k', produce, OPTIONS);
    await world.clock.advance(8_500);
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v2');
    await world.clock.advance(8_000);
    expect(world.value('k')).toBe('v4');
  });

  it('moves to another TTL without a gap', async () => {
    const { registrar, events } = await world.registrar();
    const registration = await register(registrar);
    let absent = 0;
    const bell = { ring: () => (absent += world.value('k') === undefined ? 1 : 0) };
    const stop = world.source.store.subscribe(bell as never);
    const moving = registration.setTtl(30);
    await world.clock.advance(40_000);
    await moving;
    stop();
    expect(absent).toBe(0);
    expect(world.value('k')).toBe('v');
    expect(world.source.store.sessions).toBe(1);
    expect(types(events)).toEqual(['alive']);
  });

  it('pauses and resumes', async () => {
    const { registrar, events } = await world.registrar();
    const registration = await register(registrar);
    await registration.pause();
    expect(world.value('k')).toBeUndefined();
    expect(registrar.statuses[0]?.state).toBe('paused');
    await world.clock.advance(20_000);
    expect(world.value('k')).toBeUndefined();
    registration.resume();
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
    expect(types(events)).toEqual(['alive', 'stopped', 'alive']);
  });

  it('is registered when resume() follows pause() at once', async () => {
    const { registrar, registry } = await world.registrar();
    const registration = await register(registrar);
    registry.slow(20);
    const pausing = registration.pause();
    registration.resume();
    await world.clock.advance(1_000);
    await pausing;
    expect(world.value('k')).toBe('v');
    expect(registrar.statuses).toMatchObject([{ state: 'alive' }]);
    expect(world.warnings).toEqual([]);
  });

  it('pauses before the first write, and registers with resume()', async () => {
    const { registrar, registry } = await world.registrar();
    registry.slow(100);
    const registration = await registrar.register('k', key('k', 'v'), OPTIONS);
    const { first } = registration;
    const pausing = registration.pause();
    await first;
    await world.clock.advance(1_000);
    await pausing;
    expect(world.value('k')).toBeUndefined();
    registration.resume();
    await world.clock.advance(1_000);
    expect(world.value('k')).toBe('v');
  });
});
