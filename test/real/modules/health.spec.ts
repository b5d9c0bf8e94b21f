import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { PilotedModule, SidekickModule } from '../../../lib/index.js';
import { SidekickHealthIndicator, SidekickHealthModule } from '../../../lib/terminus/index.js';
import { STOPPABLE_REGISTRIES, type StoppableRegistry } from '../../harness/stoppable-registry.js';
import { until } from '../../harness/wait.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sidekick: SidekickHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): unknown {
    return this.health.check([
      () => this.sidekick.heartbeat('heartbeat'),
      () => this.sidekick.services('services', ['status']),
      () => this.sidekick.registry('registry'),
    ]);
  }
}

interface Body {
  readonly status: string;
  readonly details: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>;
}

const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe.each(STOPPABLE_REGISTRIES)('Health with the registry stopped: %s', (_name, open) => {
  let world: StoppableRegistry;
  let app: INestApplication | undefined;
  let url: string;

  beforeAll(async () => {
    world = await open();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  afterAll(async () => {
    await world.stop();
  });

  async function start(options: { drain?: number } = {}): Promise<void> {
    const registry = world.url;
    @Module({
      imports: [
        TerminusModule.forRoot({ logger: false }),
        SidekickHealthModule,
        SidekickModule.forRoot({
          registry,
          key: '/servers/1',
          service: { name: 'status', address: '127.0.0.1' },
          ttl: 6,
          logger: SILENT,
          ...options,
        }),
        PilotedModule.forRoot({ registry, services: ['status'], boot: 'wait', logger: SILENT }),
      ],
      controllers: [HealthController],
    })
    class App {}
    app = (await Test.createTestingModule({ imports: [App] }).compile()).createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  async function health(): Promise<{ code: number; body: Body }> {
    const response = await fetch(`${url}/health`, { headers: { connection: 'close' } });
    return { code: response.status, body: (await response.json()) as Body };
  }

  const states = ({ body }: { body: Body }): Record<string, string> =>
    Object.fromEntries(Object.entries(body.details).map(([name, { status }]) => [name, status]));

  it('is up, then degraded and never down while the registry is away, and up again', async () => {
    await start();
    await until('all to be up', async () => {
      const now = await health();
      return now.code === 200 && Object.values(states(now)).every((status) => status === 'up');
    });

    await world.kill();
    const seen: string[] = [];
    await until(
      'the registration to be lost by the outage',
      async () => {
        const now = await health();
        seen.push(...Object.values(states(now)));
        expect(now.code).toBe(200);
        return JSON.stringify(now.body).includes('"reason":"expired"');
      },
      { every: 100 },
    );
    expect(seen).toContain('degraded');
    expect(seen).not.toContain('down');
    await until('all to be degraded', async () =>
      Object.values(states(await health())).every((status) => status === 'degraded'),
    );

    await world.restart();
    await until('all to be up again', async () =>
      Object.values(states(await health())).every((status) => status === 'up'),
    );
  });

  it('is down when another process takes the key over', async () => {
    await start();
    await until('all to be up', async () => (await health()).code === 200);
    const other = await Test.createTestingModule({
      imports: [
        SidekickModule.forRoot({
          registry: world.url,
          key: '/servers/1',
          ttl: 6,
          logger: SILENT,
        }),
      ],
    }).compile();
    await other.init();
    try {
      const now = await until('the loss', async () => {
        const found = await health();
        return found.code === 503 ? found : undefined;
      });
      expect(states(now)).toEqual({ heartbeat: 'down', services: 'up', registry: 'up' });
      expect(JSON.stringify(now.body)).toContain('"reason":"taken-over"');
    } finally {
      await other.close();
    }
    await until('the return', async () => (await health()).code === 200);
  });

  it('is down from the start of the shutdown, while requests are still served', async () => {
    // Seconds in which the shutdown can be seen.
    await start({ drain: 5 });
    await until('all to be up', async () => (await health()).code === 200);
    const closing = app?.close();
    app = undefined;
    const now = await until('the start of the shutdown', async () => {
      const found = await health();
      return found.code === 503 ? found : undefined;
    });
    expect(now.body.details.heartbeat).toEqual({ status: 'down', reason: 'leaving' });
    await closing;
  });
});
