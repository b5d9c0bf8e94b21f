import { Injectable, Module, type INestApplication, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { silentLogger } from '../common/logger.js';
import { type InstanceRecord, type KeyRecord } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { SidekickModule } from './sidekick.module.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { freePorts } from '../../test/harness/ports.js';
import { until } from '../../test/harness/wait.js';

const quiet = { logger: silentLogger };

describe('SidekickModule with a service', () => {
  let registry: MemorySource;
  let app: INestApplication | undefined;

  beforeEach(() => {
    registry = memory();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    expect(registry.store.sessions).toBe(0);
  });

  async function boot(options: SidekickModuleOptions, ...imports: never[]): Promise<INestApplication> {
    @Module({ imports: [SidekickModule.forRoot({ registry, ...quiet, ...options }), ...imports] })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    return app;
  }

  const value = (key: string): string | undefined =>
    (registry.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;

  const instances = (): InstanceRecord['instance'][] =>
    registry.store
      .list({ kind: 'service', service: 'web' })
      .entries.map(({ record }) => (record as InstanceRecord).instance);

  it('announces the service with the port the server is bound to, not before it listens', async () => {
    const running = await boot({ service: { name: 'web', tags: ['blue'], meta: { v: '1' } } });
    await running.init();
    expect(instances()).toEqual([]);
    await running.listen(0, '127.0.0.1');
    const { port } = (running.getHttpServer() as Server).address() as AddressInfo;
    await until('1 instances', () => instances().length === 1);
    expect(instances()).toMatchObject([
      { address: '127.0.0.1', port, tags: ['blue'], meta: { v: '1' }, weight: 1 },
    ]);
    await running.get(Sidekick).update({ tags: ['green'], weight: 3 });
    expect(instances()).toMatchObject([{ port, tags: ['green'], meta: { v: '1' }, weight: 3 }]);
    await running.close();
    expect(instances()).toEqual([]);
  });

  it('announces a routable address when the server is bound to all', async () => {
    const running = await boot({ service: { name: 'web', interfaces: ['static:10.1.2.3'] } });
    await running.listen(0);
    await until('1 instances', () => instances().length === 1);
    expect(instances()[0]?.address).toBe('10.1.2.3');
  });

  it('gives two copies of a service distinct ids', async () => {
    const first = await boot({ service: { name: 'web' } });
    await first.listen(0, '127.0.0.1');
    const second = await boot({ service: { name: 'web' } });
    await second.listen(0, '127.0.0.1');
    await until('2 instances', () => instances().length === 2);
    await first.close();
    await until('1 instances', () => instances().length === 1);
  });

  it('announces without an HTTP server once the given port accepts connections', async () => {
    const server = createServer();
    const [port = 0] = await freePorts(1);
    @Module({
      imports: [
        SidekickModule.forRoot({ registry, ...quiet, service: { name: 'web', address: '127.0.0.1', port } }),
      ],
    })
    class WorkerModule {}
    const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
    try {
      expect(instances()).toEqual([]);
      await new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      });
      await until('1 instances', () => instances().length === 1);
      expect(instances()).toMatchObject([{ address: '127.0.0.1', port }]);
    } finally {
      await context.close();
      server.close();
    }
    expect(instances()).toEqual([]);
  });

  it.each([undefined, null])(
    'refuses to boot without an HTTP server and without a port: %s',
    async (port) => {
      const service = { name: 'web', port } as never;
      @Module({ imports: [SidekickModule.forRoot({ registry, ...quiet, service })] })
      class WorkerModule {}
      await expect(
        NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false }),
      ).rejects.toThrow(/Expected `service\.port`/);
    },
  );

  it('deregisters before any other provider is destroyed, and starts after all are initialised', async () => {
    const order: string[] = [];
    @Injectable()
    class Database implements OnModuleInit {
      onModuleInit(): void {
        order.push(`init ${value('k') ?? 'absent'}`);
      }
      onModuleDestroy(): void {
        order.push(`destroy ${value('k') ?? 'absent'}`);
      }
    }
    @Module({
      imports: [SidekickModule.forRoot({ registry, ...quiet, key: 'k', value: 'v' })],
      providers: [Database],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    expect(value('k')).toBe('v');
    await app.close();
    expect(order).toEqual(['init absent', 'destroy absent']);
  });
});
