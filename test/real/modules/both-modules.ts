import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AddressInfo, type Server } from 'node:net';
import {
  DiscoveryService,
  type Endpoint,
  PilotedModule,
  Service,
  type ServiceAnnouncement,
  type ServiceHandle,
  Sidekick,
  SidekickModule,
} from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { until } from '../../harness/wait.js';

interface Seen {
  readonly registry: string;
  close(): Promise<void>;
}

async function application(imports: never[], controllers: never[] = []): Promise<INestApplication> {
  @Module({ imports, controllers })
  class AppModule {}
  return await NestFactory.create(AppModule, { logger: false, abortOnError: false });
}

const portOf = (app: INestApplication): number =>
  ((app.getHttpServer() as Server).address() as AddressInfo).port;

/** Both modules, end to end, on one registry: what an application relies on, whichever URL it names. */
export function describeBothModules(name: string, open: () => Promise<Seen>): void {
  describe(`SidekickModule and PilotedModule on ${name}`, () => {
    let world: Seen;
    const apps: INestApplication[] = [];

    beforeAll(async () => {
      world = await open();
    });
    afterEach(async () => {
      await Promise.all(apps.splice(0).map((app) => app.close()));
    });
    afterAll(() => world.close());

    async function announced(service: ServiceAnnouncement): Promise<INestApplication> {
      const module = SidekickModule.forRoot({
        registry: world.registry,
        service,
        ttl: 10,
        logger: silentLogger,
      });
      const app = await application([module as never]);
      apps.push(app);
      await app.listen(0, '127.0.0.1');
      return app;
    }

    it('a service is found once it listens, served in turn, and gone with close()', async () => {
      const service = `web-${process.pid}`;
      @Controller()
      class Gateway {
        constructor(@Service(service) readonly handle: ServiceHandle) {}
        @Get()
        next(@Service(service) endpoint: Endpoint): Endpoint {
          return endpoint;
        }
      }
      const piloted = PilotedModule.forRoot({ registry: world.registry });
      const gateway = await application([piloted as never], [Gateway as never]);
      apps.push(gateway);
      await gateway.listen(0, '127.0.0.1');
      const discovery = gateway.get(DiscoveryService);
      const servers = [
        await announced({ name: service }),
        await announced({ name: service }),
        await announced({ name: service }),
      ];
      const ports = servers.map(portOf).sort((a, b) => a - b);
      const known = (): number[] =>
        discovery
          .endpoints(service)
          .map(({ port }) => port)
          .sort((a, b) => a - b);
      await until('three instances', () => known().length === 3);
      expect(known()).toEqual(ports);

      const counts = new Map<number, number>();
      for (let n = 0; n < 30; n += 1) {
        const response = await fetch(`http://127.0.0.1:${portOf(gateway)}/`);
        const { port } = (await response.json()) as Endpoint;
        counts.set(port, (counts.get(port) ?? 0) + 1);
      }
      for (const port of ports) expect(Math.abs((counts.get(port) ?? 0) - 10)).toBeLessThanOrEqual(1);
      expect(ports).toContain(gateway.get(Gateway).handle.pick().port);

      await servers[0]!.close();
      await until('two instances', () => known().length === 2);
      expect(known()).toEqual(
        servers
          .slice(1)
          .map(portOf)
          .sort((a, b) => a - b),
      );
    });

    it('what is announced comes through: tags, meta, weight, zone and ports', async () => {
      const service = `rich-${process.pid}`;
      const details = {
        tags: ['blue', 'v2'],
        meta: { version: '1.4', 'odd key': 'ü/ß' },
        weight: 7,
        zone: 'eu-1a',
      };
      const app = await announced({
        name: service,
        id: 'one',
        address: '10.1.2.3',
        ports: { grpc: 50_051 },
        ...details,
      });
      const reader = await application([
        PilotedModule.forRoot({ registry: world.registry, services: [service] }) as never,
      ]);
      apps.push(reader);
      await reader.init();
      const discovery = reader.get(DiscoveryService);
      await until('the instance', () => discovery.endpoints(service).length === 1);
      expect(discovery.pick(service)).toMatchObject({
        id: 'one',
        address: '10.1.2.3',
        port: portOf(app),
        ports: { grpc: 50_051 },
        ...details,
      });
      await app.get(Sidekick).update({ tags: ['green'] });
      await until('the new tag', () => discovery.pick(service).tags.includes('green'));
    });

    it('an instance in maintenance is not found until it is resumed', async () => {
      const service = `shy-${process.pid}`;
      const app = await announced({ name: service });
      const reader = await application([PilotedModule.forRoot({ registry: world.registry }) as never]);
      apps.push(reader);
      await reader.init();
      const handle = reader.get(DiscoveryService).of(service);
      await until('the instance', () => handle.endpoints.length === 1);
      await app.get(Sidekick).pause();
      await until('no instance', () => handle.endpoints.length === 0);
      app.get(Sidekick).resume();
      await until('the instance again', () => handle.endpoints.length === 1);
    });

    it('a key is held while the application runs', async () => {
      const key = `/servers/web/${process.pid}`;
      const app = await application([
        SidekickModule.forRoot({
          registry: world.registry,
          key,
          value: 'running',
          logger: silentLogger,
        }) as never,
      ]);
      apps.push(app);
      await app.init();
      const sidekick = app.get(Sidekick);
      expect(sidekick.beats).toMatchObject([{ key, state: 'alive' }]);
      await sidekick.value('busy');
      await app.close();
      const exclusive = await application([
        SidekickModule.forRoot({
          registry: world.registry,
          key,
          exclusive: true,
          logger: silentLogger,
        }) as never,
      ]);
      apps.push(exclusive);
      await exclusive.init();
      expect(exclusive.get(Sidekick).beats).toMatchObject([{ key, state: 'alive' }]);
    });
  });
}
