import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  DiscoveryService,
  type Endpoint,
  Heartbeat,
  InvalidOptionError,
  NoEndpointsError,
  OnServiceChange,
  PILOTED_OPTIONS,
  PilotedModule,
  Service,
  type ServiceHandle,
  Sidekick,
  SIDEKICK_OPTIONS,
  SidekickModule,
} from '../index.js';
import { silentLogger } from '../common/logger.js';
import { registryPool } from '../registry/registry-pool.js';
import { eventually } from '../../test/harness/in-memory/announcer.js';

const quiet = { logger: silentLogger };
/** Nothing listens there: whatever opens it fails the boot. */
const PRODUCTION = 'etcd://127.0.0.1:1';

@Injectable()
class Jobs {
  runs = 0;

  @Heartbeat('jobs')
  beat(): string {
    this.runs += 1;
    return 'running';
  }

  @OnServiceChange('web')
  changed(): void {
    this.runs += 1;
  }
}

@Controller()
class Orders {
  constructor(@Service('web') readonly web: ServiceHandle) {}

  @Get()
  list(@Service('web') web: Endpoint): unknown {
    return { id: web.id, same: web === this.web.endpoints[0] };
  }
}

@Module({
  imports: [
    SidekickModule.forRoot({
      ...quiet,
      registry: PRODUCTION,
      service: { name: 'web', id: 'own', address: '127.0.0.1', port: 4_711 },
    }),
    PilotedModule.forRootAsync({
      useFactory: () => ({ ...quiet, registry: PRODUCTION, boot: 'fail', bootTimeout: 60 }),
    }),
  ],
  controllers: [Orders],
  providers: [Jobs],
})
class AppModule {}

/** As supertest does: the server listens where it does not yet. */
async function request(app: INestApplication): Promise<readonly [number, unknown]> {
  const server = app.getHttpServer() as Server;
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    headers: { connection: 'close' },
  });
  return [response.status, await response.json()];
}

describe('tests of applications', () => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
    expect(registryPool.size).toBe(0);
  });

  it('boot with app.init() on memory:, given by the tokens of the options', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(SIDEKICK_OPTIONS)
      .useValue({ ...quiet, registry: 'memory:' })
      .overrideProvider(PILOTED_OPTIONS)
      .useValue({ ...quiet, registry: 'memory:' });
    app = (await builder.compile()).createNestApplication({ logger: false });
    await app.init();
    expect(await request(app)).toEqual([503, { statusCode: 503, message: 'Service Unavailable' }]);
    await app.get(Sidekick).announce({ name: 'web', id: 'one', address: '10.0.0.1', port: 80 });
    await eventually(() => app?.get(DiscoveryService).endpoints('web').length === 1);
    expect(await request(app)).toEqual([200, { id: 'one', same: true }]);
  });

  it.each([
    [SIDEKICK_OPTIONS, { registry: 'memory:', ttl: 1 }, '`ttl`'],
    [PILOTED_OPTIONS, { registry: 'memory:', boot: 'never' }, '`boot`'],
  ])('have overriding options of %p checked', async (token, options, name) => {
    const compiling = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(SIDEKICK_OPTIONS)
      .useValue({ enabled: false })
      .overrideProvider(token)
      .useValue(options)
      .compile();
    await expect(compiling).rejects.toThrow(InvalidOptionError);
    await expect(compiling).rejects.toThrow(name);
  });

  it('stay off the registry with enabled: false, and wait for nothing', async () => {
    @Module({
      imports: [
        SidekickModule.forRoot({
          ...quiet,
          registry: PRODUCTION,
          config: '/nowhere/containerpilot.json',
          key: 'k',
          service: { name: 'web' },
          enabled: false,
        }),
        PilotedModule.forRoot({
          ...quiet,
          registry: PRODUCTION,
          config: '/nowhere/containerpilot.json',
          snapshot: '/nowhere/snapshot.json',
          services: ['web'],
          boot: 'fail',
          bootTimeout: 3_600,
          enabled: false,
        }),
      ],
      controllers: [Orders],
      providers: [Jobs],
    })
    class ScriptModule {}
    app = await NestFactory.create(ScriptModule, { logger: false, abortOnError: false });
    await app.init();

    const sidekick = app.get(Sidekick);
    await sidekick.value('other');
    const kept = await sidekick.keep('more', 'v');
    await kept.value('w');
    await kept.stop();
    expect(sidekick.beats).toEqual([]);
    expect(sidekick.stopped).toBe(true);

    const discovery = app.get(DiscoveryService);
    expect(discovery.names()).toEqual(['web']);
    expect(discovery.endpoints('web')).toEqual([]);
    expect(() => discovery.pick('web')).toThrow(NoEndpointsError);
    await expect(discovery.service('web')).rejects.toThrow(/`enabled: false`/);
    await discovery.refresh();
    expect(process.listenerCount('SIGHUP')).toBe(0);
    expect(await request(app)).toEqual([503, { statusCode: 503, message: 'Service Unavailable' }]);
  });

  it('refuse an `enabled` that is no boolean, as an environment variable gives it', async () => {
    const wrong = { ...quiet, registry: 'memory:', enabled: 'false' as never };
    for (const module of [SidekickModule.forRoot(wrong), PilotedModule.forRoot(wrong)])
      await expect(Test.createTestingModule({ imports: [module] }).compile()).rejects.toThrow(
        'Expected `enabled` to be true or false, got "false".',
      );
  });
});
