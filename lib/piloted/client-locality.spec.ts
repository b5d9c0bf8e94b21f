import { type ModuleMetadata } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  gone,
  listing,
  put,
  ScriptedRegistry,
  webEntry,
} from '../../test/harness/in-memory/scripted-registry.js';
import { silentLogger } from '../common/logger.js';
import { ServiceCache } from '../discovery/service-cache.js';
import { OwnInstanceRecord } from '../nest/own-instance.js';
import { memory } from '../registries/memory/memory.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ClientLocality } from './client-locality.js';
import { PilotedModule } from './piloted.module.js';

async function world(...ids: string[]) {
  const clock = new VirtualClock();
  const registry = new ScriptedRegistry();
  registry.answer = () => listing(ids.map((id) => webEntry(id)));
  const cache = new ServiceCache({ clock, random: () => 0.5, logger: silentLogger });
  await cache.start(registry);
  const own = new OwnInstanceRecord();
  const locality = new ClientLocality({ own, cache, clock, applicationId: 'app' });
  let announced = 0;
  locality.subscribe(() => (announced += 1));
  return { clock, registry, cache, own, locality, announced: () => announced };
}

describe('ClientLocality', () => {
  it('knows the position once the own instance is listed, and changes it when it is steady for 10 s', async () => {
    const { clock, registry, cache, own, locality, announced } = await world('c', 'a', 'b');
    expect([locality.zone, locality.position]).toEqual([undefined, undefined]);
    locality.count();
    own.set({ service: 'web', id: 'b', zone: 'z1' });
    expect([locality.zone, announced()]).toEqual(['z1', 1]);
    await clock.advance(0);
    expect([locality.position, announced()]).toEqual([{ index: 1, clients: 3 }, 2]);
    registry.watch_.send(gone('a'));
    await clock.advance(9_000);
    expect(locality.position).toEqual({ index: 1, clients: 3 });
    registry.watch_.send(put('d', {}));
    await clock.advance(9_999);
    expect(locality.position).toEqual({ index: 1, clients: 3 });
    await clock.advance(1);
    expect(locality.position).toEqual({ index: 0, clients: 3 });
    registry.watch_.send(gone('b'));
    await clock.advance(20_000);
    expect(locality.position).toEqual({ index: 0, clients: 3 });
    await locality.close();
    await cache.close();
    expect(clock.pending).toBe(0);
  });

  it('watches nothing where no service has a subset', async () => {
    const { clock, registry, cache, own, locality } = await world('a');
    own.set({ service: 'web', id: 'a', zone: undefined });
    await clock.advance(0);
    expect(registry.scopes).toEqual([]);
    await locality.close();
    await cache.close();
  });

  it('learns the zone of SidekickModule in the same application', async () => {
    const source = memory();
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (line: string) => lines.push(line) };
    const service = { name: 'shop', port: 8_080, zone: 'z9', address: '10.0.0.1' };
    const services = [{ name: 'web', zone: 'auto' }];
    const boot = async (...imports: NonNullable<ModuleMetadata['imports']>) => {
      const app = await Test.createTestingModule({
        imports: [PilotedModule.forRoot({ registry: source, services, logger }), ...imports],
      }).compile();
      await app.init();
      return app;
    };
    const app = await boot(SidekickModule.forRoot({ registry: source, service, logger }));
    expect(app.get(ClientLocality).zone).toBe('z9');
    expect(app.get(ModulesContainer)).toBeDefined();
    await app.close();
    expect(lines).toEqual([]);
    const alone = await boot();
    expect(lines).toEqual([
      "Services web have `zone: 'auto'`, but SidekickModule has no `service` with a `zone` in this application: their endpoints are picked from all zones.",
    ]);
    await alone.close();
  });
});
