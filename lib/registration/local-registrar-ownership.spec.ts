import { AlreadyHeldError } from './already-held.error.js';
import { key, OPTIONS, types, World } from '../../test/harness/in-memory/registrar-world.js';

describe('LocalRegistrar and other sessions', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    await world.close();
    expect(world.clock.pending).toBe(0);
  });

  const register: World['register'] = async (...args) => await world.register(...args);

  it('yields to a newer session and registers again when that session ends', async () => {
    const older = await world.registrar(1);
    const newer = await world.registrar(2);
    await register(older.registrar, 'old');
    await register(newer.registrar, 'new');
    await world.clock.advance(60_000);
    expect(world.value('k')).toBe('new');
    expect(older.registrar.statuses[0]?.state).toBe('standby');
    expect(types(older.events)).toEqual(['alive', 'taken-over']);
    expect(types(newer.events)).toEqual(['alive']);
    const closing = newer.registrar.close();
    await world.clock.advance(1_000);
    await closing;
    expect(world.value('k')).toBe('old');
    expect(types(older.events)).toEqual(['alive', 'taken-over', 'restored']);
  });

  it('registers again when the newer session expires', async () => {
    const older = await world.registrar(1);
    const newer = await world.registrar(2);
    await register(older.registrar, 'old');
    await register(newer.registrar, 'new');
    newer.registry.fail('hang');
    await world.clock.advance(10_000);
    expect(world.value('k')).toBe('old');
    newer.registry.heal();
    await world.clock.advance(20_000);
    expect(world.value('k')).toBe('old');
    expect(newer.registrar.statuses[0]?.state).toBe('standby');
  });

  it('never removes the entry of a newer session (Go sidekick does)', async () => {
    const older = await world.registrar(1);
    const newer = await world.registrar(2);
    await register(older.registrar, 'old');
    await register(newer.registrar, 'new');
    const closing = older.registrar.close();
    await world.clock.advance(1_000);
    await closing;
    expect(world.value('k')).toBe('new');
  });

  it('fails with exclusive while another session owns the key', async () => {
    const holder = await world.registrar(1);
    const second = await world.registrar(2);
    await register(holder.registrar, 'old');
    const { first } = await second.registrar.register('k', key('k', 'new'), { ...OPTIONS, exclusive: true });
    const refused = expect(first).rejects.toThrow(AlreadyHeldError);
    await world.clock.advance(100);
    await refused;
    expect(world.value('k')).toBe('old');
    // The caller has the error; a warning that it is retried would be wrong.
    expect(world.warnings).toEqual([]);
  });

  it('opens a new session when the old one is revoked, without events for keys of other sessions', async () => {
    const { registrar, events } = await world.registrar();
    await register(registrar);
    await register(registrar, 'w', { ttl: 12 }, 'other');
    const owner = world.source.store.entry({ kind: 'key', key: 'k' })!.owner!;
    world.source.store.revoke(owner);
    await world.clock.advance(2_000);
    expect(world.value('k')).toBe('v');
    expect(events.filter((event) => event.key === 'other').map(({ type }) => type)).toEqual(['alive']);
  });

  it('registers all entries again after the registry was wiped', async () => {
    const { registrar } = await world.registrar();
    for (const name of ['a', 'b', 'c']) await register(registrar, 'v', {}, name);
    world.source.store.wipe();
    await world.clock.advance(3_000 + 5_000);
    for (const name of ['a', 'b', 'c']) expect(world.value(name)).toBe('v');
  });
});
