import {
  Controller,
  Injectable,
  Module,
  Scope,
  type INestApplication,
  type OnModuleDestroy,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { watchEvents } from '../containerpilot/watch-events.js';
import { silentLogger } from '../common/logger.js';
import { DiscoveryService } from './discovery.service.js';
import { OnServiceChange } from './on-service-change.decorator.js';
import { PilotedModule } from './piloted.module.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { registryPool } from '../registry/registry-pool.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { SIDEKICK_WAIT_CLOCK } from '../sidekick/sidekick.tokens.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { Announcer, eventually } from '../../test/harness/in-memory/announcer.js';

const quiet = { logger: silentLogger };

describe('@OnServiceChange', () => {
  let source: MemorySource;
  let web: Announcer;
  let apps: INestApplication[];
  let clock: VirtualClock;

  beforeEach(async () => {
    apps = [];
    clock = new VirtualClock();
    source = memory();
    web = await Announcer.on(source);
    await web.announce('a', 'b');
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await web.end();
  });

  async function start(
    providers: Provider[],
    { drain = 0, controllers = [] }: { readonly drain?: number; readonly controllers?: never[] } = {},
  ): Promise<INestApplication> {
    @Module({
      imports: [
        SidekickModule.forRoot({ registry: source, ...quiet, service: { name: 'own' }, drain }),
        PilotedModule.forRoot({ registry: source, ...quiet }),
      ],
      providers,
      controllers,
    })
    class AppModule {}
    const module = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(SIDEKICK_WAIT_CLOCK)
      .useValue(clock);
    const app = (await module.compile()).createNestApplication({ logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const ids = ({ endpoints }: ServiceChange): string => endpoints.map(({ id }) => id).join();

  it('is called from onApplicationBootstrap on, with the current list first, until onModuleDestroy', async () => {
    const order: string[] = [];
    @Injectable()
    class Pool implements OnModuleInit, OnModuleDestroy {
      constructor(private readonly discovery: DiscoveryService) {}

      async onModuleInit(): Promise<void> {
        order.push('init');
        await web.announce('c');
        await eventually(() => this.discovery.endpoints('web').length === 3);
        order.push('initialised');
      }

      @OnServiceChange('web')
      changed(change: ServiceChange): void {
        order.push(ids(change));
        if (order.length === 3) {
          expect(change.added).toEqual(change.endpoints);
          expect(change).toMatchObject({ service: 'web', updated: [], removed: [] });
          expect(watchEvents(change)).toEqual(['changed', 'healthy']);
        }
      }

      async onModuleDestroy(): Promise<void> {
        order.push('destroy');
        await web.withdraw('b');
        await eventually(() => this.discovery.endpoints('web').length === 3);
        order.push('destroyed');
      }
    }
    const app = await start([Pool], { drain: 0.5 });
    expect(order).toEqual(['init', 'initialised', 'a,b,c']);
    const own = (): number => source.store.list({ kind: 'service', service: 'own' }).entries.length;
    await eventually(() => own() === 1);
    // A second close would drain again.
    apps = [];
    const closing = app.close();
    await eventually(() => own() === 0);
    await web.announce('d');
    await eventually(() => order.length === 4 && clock.pending > 0);
    await clock.advance(500);
    await closing;
    expect(order.slice(3)).toEqual(['a,b,c,d', 'destroy', 'destroyed']);
  });

  it('calls methods of factory and value providers, and of an aliased provider once', async () => {
    const seen: string[] = [];
    class Pool {
      constructor(private readonly name: string) {}

      @OnServiceChange('web')
      changed(change: ServiceChange): void {
        seen.push(`${this.name} ${ids(change)}`);
      }
    }
    await start([
      { provide: 'factory', useFactory: () => new Pool('factory') },
      { provide: 'value', useValue: new Pool('value') },
      { provide: 'alias', useExisting: 'value' },
      { provide: 'same', inject: ['value'], useFactory: (pool: Pool) => pool },
    ]);
    expect(seen.sort()).toEqual(['factory a,b', 'value a,b']);
    await web.announce('c');
    await eventually(() => seen.length === 4);
    expect(seen.slice(2).sort()).toEqual(['factory a,b,c', 'value a,b,c']);
  });

  it('is called once per list in a microservice that runs its hooks twice', async () => {
    const seen: string[] = [];
    class Pool {
      @OnServiceChange('web')
      changed(change: ServiceChange): void {
        seen.push(ids(change));
      }
    }
    @Module({ imports: [PilotedModule.forRoot({ registry: source, ...quiet })], providers: [Pool] })
    class AppModule {}
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 }, logger: false };
    const app = await NestFactory.createMicroservice(AppModule, options as object);
    await app.init();
    await app.listen();
    await web.announce('c');
    await eventually(() => app.get(DiscoveryService).endpoints('web').length === 3);
    await app.close();
    expect(seen).toEqual(['a,b', 'a,b,c']);
    expect(registryPool.size).toBe(0);
  });

  it.each([
    [Scope.TRANSIENT, 'got a transient provider'],
    [Scope.REQUEST, 'got a request-scoped provider'],
  ])('fails the boot on a provider of scope %s, naming class and method', async (scope, got) => {
    @Injectable({ scope })
    class Pool {
      @OnServiceChange('web')
      changed(): void {
        throw new Error('called');
      }
    }
    class FactoryPool extends Pool {}
    @Controller()
    class Consumer {
      constructor(readonly pool: Pool) {}
    }
    await expect(start([Pool], { controllers: [Consumer] as never[] })).rejects.toThrow(
      `Expected Pool.changed with @OnServiceChange to be a method of a singleton, ${got}`,
    );
    if (scope === Scope.REQUEST) return;
    const made: Provider = { provide: 'made', scope, useFactory: () => new FactoryPool() };
    const consumer: Provider = { provide: 'consumer', inject: ['made'], useFactory: (pool: Pool) => [pool] };
    await expect(start([made, consumer])).rejects.toThrow('Expected FactoryPool.changed with ');
  });
});
