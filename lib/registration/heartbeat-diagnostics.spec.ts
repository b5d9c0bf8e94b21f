import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { World } from '../../test/harness/in-memory/registrar-world.js';
import { CHANNELS } from '../common/diagnostics.js';
import { completeInstance } from '../registry/instance.js';

const OPTIONS = { ttl: 10, updateInterval: 8, exclusive: false };

describe('the channels of heartbeats', () => {
  const seen: [string, unknown][] = [];
  const listener = (message: unknown, name: string | symbol): void => {
    seen.push([String(name).replace('sidekick:heartbeat:', ''), message]);
  };
  const channels = [
    CHANNELS.heartbeatRenewed,
    CHANNELS.heartbeatLost,
    CHANNELS.heartbeatRestored,
    CHANNELS.heartbeatPropagated,
  ];
  let world: World;

  beforeEach(() => {
    seen.length = 0;
    world = new World();
    for (const { name } of channels) subscribe(name, listener);
  });

  afterEach(async () => {
    for (const { name } of channels) unsubscribe(name, listener);
    await world.close();
  });

  it('have a renewal of each entry, with the service and id of an instance', async () => {
    const { registrar } = await world.registrar();
    const instance = completeInstance({ service: 'web', id: 'a', address: '10.0.0.1', port: 80 });
    await registrar.register('web/a', () => ({ kind: 'instance', instance }), OPTIONS);
    await registrar.register('k', () => ({ kind: 'key', key: 'k', value: '' }), OPTIONS);
    seen.length = 0;
    await world.clock.advance(4_000);
    expect(seen).toEqual([
      ['renewed', { applicationId: 'app', key: 'web', id: 'a' }],
      ['renewed', { applicationId: 'app', key: 'k' }],
    ]);
    expect(seen.every(([, message]) => Object.isFrozen(message))).toBe(true);
  });

  it('have a loss with its reason, and the return', async () => {
    const { registrar, registry } = await world.registrar();
    await registrar.register('k', () => ({ kind: 'key', key: 'k', value: '' }), OPTIONS);
    await world.clock.advance(100);
    registry.fail('down');
    await world.clock.advance(15_000);
    expect(seen).toContainEqual(['lost', { applicationId: 'app', key: 'k', reason: 'expired' }]);
    registry.heal();
    await world.clock.advance(10_000);
    expect(seen).toContainEqual(['restored', { applicationId: 'app', key: 'k' }]);
  });

  it('have each own write that the watch has seen, except the one from which the watch starts', async () => {
    const { registrar } = await world.registrar();
    const registration = await world.register(registrar, 'one');
    const propagated = {
      applicationId: 'app',
      key: 'k',
      registry: 'memory',
      durationMs: expect.any(Number) as number,
    };
    expect(seen).toEqual([]);
    await registration.update({ kind: 'key', key: 'k', value: 'two' });
    await world.clock.advance(100);
    expect(seen).toEqual([['propagated', propagated]]);
  });
});
