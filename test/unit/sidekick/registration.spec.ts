import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Logger } from '../../../lib/kernel/logger.js';
import { RegistryRefusedError } from '../../../lib/kernel/errors/index.js';
import { type InstanceItem } from '../../../lib/registry/item.js';
import { memory, type MemorySource } from '../../../lib/registry/memory/memory.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { type RegistrySource } from '../../../lib/registry/source.js';
import { OVERDUE_MS } from '../../../lib/sidekick/overdue-warning.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { type SidekickModuleOptions } from '../../../lib/sidekick/sidekick.options.js';
import { Sidekick } from '../../../lib/sidekick/sidekick.service.js';
import { SIDEKICK_CLOCK } from '../../../lib/sidekick/sidekick.tokens.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { until } from '../../harness/wait.js';

const NOWHERE = ['none0'];

describe('the registration of a service', () => {
  let registry: MemorySource;
  let lines: string[];
  let logger: Logger;
  let clock: VirtualClock;
  const open: (() => unknown)[] = [];

  beforeEach(() => {
    registry = memory();
    lines = [];
    clock = new VirtualClock();
    const line = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
    logger = { log: line('log'), warn: line('warn'), error: line('error') };
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    expect(registry.store.sessions).toBe(0);
    expect(clock.pending).toBe(0);
  });

  const instances = (): InstanceItem['instance'][] =>
    registry.store
      .list({ kind: 'service', service: 'web' })
      .entries.map(({ item }) => (item as InstanceItem).instance);

  const warnings = (): string[] => lines.filter((line) => line.startsWith('warn '));

  function closing<A extends INestApplicationContext>(app: A): A {
    open.push(() => app.close());
    return app;
  }

  function appModule(options: SidekickModuleOptions): Type {
    @Module({ imports: [SidekickModule.forRoot({ registry, logger, ...options })] })
    class AppModule {}
    return AppModule;
  }

  /** On the virtual clock. */
  async function compiled(options: SidekickModuleOptions) {
    return await Test.createTestingModule({ imports: [appModule(options)] })
      .overrideProvider(SIDEKICK_CLOCK)
      .useValue(clock)
      .compile();
  }

  async function listening(server: Server, port = 0): Promise<number> {
    open.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async function freePort(): Promise<number> {
    const probe = createServer();
    const port = await listening(probe);
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    return port;
  }

  /** Takes sessions, refuses writes: an etcd user without the right to write. */
  function readOnly(): RegistrySource {
    const refusing = (session: Session): Session =>
      Object.assign(Object.create(session) as Session, {
        write: () => Promise.reject(new RegistryRefusedError('permission denied')),
      });
    return {
      ...registry,
      identity: 'read-only',
      open: async (deps) => {
        const inner = await registry.open(deps);
        return Object.assign(Object.create(inner) as Registry, {
          openSession: async (...args: Parameters<Registry['openSession']>) =>
            refusing(await inner.openSession(...args)),
        });
      },
    };
  }

  describe('refused by the registry', () => {
    it('rejects app.listen() with the error, closes the server and leaves no session', async () => {
      const service = { name: 'web' };
      const app = closing(
        await NestFactory.create(appModule({ service, registry: readOnly() }), { logger: false }),
      );
      await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('permission denied');
      expect((app.getHttpServer() as Server).listening).toBe(false);
      expect(registry.store.sessions).toBe(0);
    });

    it('rejects listen() of a TCP microservice', async () => {
      const app = closing(
        await NestFactory.createMicroservice<MicroserviceOptions>(
          appModule({ service: { name: 'web' }, registry: readOnly() }),
          { transport: Transport.TCP, options: { port: await freePort() }, logger: false },
        ),
      );
      await expect(app.listen()).rejects.toThrow('permission denied');
      expect(app.unwrap<Server>().listening).toBe(false);
    });

    it('boots without failFast, warns once and serves', async () => {
      const options = { service: { name: 'web', id: 'a' }, registry: readOnly(), failFast: false };
      const app = closing(await NestFactory.create(appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await until('the warning', () =>
        warnings().some((line) => line.includes('The first write of "web/a"')),
      );
      expect((app.getHttpServer() as Server).listening).toBe(true);
    });
  });

  it.each([true, false])(
    'rejects app.listen() where the id is taken: exclusive, failFast %s',
    async (failFast) => {
      const options = { service: { name: 'web', id: 'one' }, exclusive: true, failFast };
      const first = closing(await NestFactory.create(appModule(options), { logger: false }));
      await first.listen(0, '127.0.0.1');
      const second = closing(await NestFactory.create(appModule(options), { logger: false }));
      await expect(second.listen(0, '127.0.0.1')).rejects.toMatchObject({ code: 'SIDEKICK_ALREADY_HELD' });
      expect(lines.filter((line) => line.includes('succeeded'))).toEqual([]);
      expect((second.getHttpServer() as Server).listening).toBe(false);
      expect(instances()).toHaveLength(1);
    },
  );

  it('stands in the registry when app.listen() resolves, and is logged with where', async () => {
    const service = { name: 'web', id: 'one' };
    const app = closing(await NestFactory.create(appModule({ service }), { logger: false }));
    let called = 0;
    await app.listen(0, '127.0.0.1', () => {
      called += 1;
      expect(instances()).toHaveLength(1);
    });
    expect(called).toBe(1);
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    expect(lines).toEqual([`log Registered service "web" as "one" at 127.0.0.1:${port} in ${registry.url}.`]);
  });

  describe('with a loopback address', () => {
    const at = (url: string, advertised?: string): RegistrySource => ({
      ...registry,
      identity: `${url} ${advertised}`,
      url,
      open: async (deps) =>
        Object.assign(Object.create(await registry.open(deps)) as Registry, {
          ...(advertised !== undefined && { advertisedAddress: () => Promise.resolve(advertised) }),
        }),
    });

    it.each<[string, string | undefined, string]>([
      ['etcd://127.0.0.1:2379,10.0.0.1:2379/services', undefined, '10.0.0.1'],
      ['etcds://***@etcd.example/', undefined, 'etcd.example'],
      ['consul://127.0.0.1:8500', '10.0.0.7', '10.0.0.7'],
    ])('warns in a registry that others read: %s, advertised %s', async (url, advertised, host) => {
      const options = { service: { name: 'web' }, registry: at(url, advertised) };
      const app = closing(await NestFactory.create(appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await until('the warning', () => warnings().length === 1);
      expect(warnings()[0]).toContain('loopback address 127.0.0.1');
      expect(warnings()[0]).toContain(`read the registry at ${host}.`);
    });

    it.each<[string, string | undefined]>([
      ['etcd://localhost:2379,[::1]:2379', undefined],
      ['file:/tmp/services', undefined],
      ['consul://127.0.0.1:8500', '127.0.0.1'],
    ])('does not warn in a registry of this machine: %s, advertised %s', async (url, advertised) => {
      const options = { service: { name: 'web', id: 'one' }, registry: at(url, advertised) };
      const app = closing(await NestFactory.create(appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await app.close();
      expect(lines).toEqual([expect.stringContaining('log Registered'), 'log Withdrew "web/one".']);
    });
  });

  it('hands on an error of the server itself', async () => {
    const taken = await listening(createServer());
    const app = closing(await NestFactory.create(appModule({ service: { name: 'web' } }), { logger: false }));
    await expect(app.listen(taken, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    expect(instances()).toEqual([]);
  });

  describe('with interfaces that match nothing', () => {
    const service = { name: 'web', interfaces: NOWHERE, port: 3000 };

    it('fails the boot of an application context', async () => {
      await expect(
        NestFactory.createApplicationContext(appModule({ service }), { logger: false, abortOnError: false }),
      ).rejects.toMatchObject({ code: 'SIDEKICK_NO_ADDRESS' });
    });

    it('fails the boot of an HTTP application', async () => {
      const app = await NestFactory.create(appModule({ service }), { logger: false });
      await expect(app.init()).rejects.toMatchObject({ code: 'SIDEKICK_NO_ADDRESS' });
    });

    it('warns once without failFast, and goes on looking', async () => {
      const context = closing(await compiled({ service, failFast: false }));
      await context.init();
      await clock.advance(OVERDUE_MS);
      expect(warnings()).toEqual([
        expect.stringMatching(/^warn Service "web" is not registered yet: .*none0/),
      ]);
      await clock.advance(60_000);
      expect(warnings()).toHaveLength(1);
    });

    it('warns at once without failFast where the server listens', async () => {
      const app = closing((await compiled({ service, failFast: false })).createNestApplication());
      await app.listen(0);
      expect(warnings()).toHaveLength(1);
    });
  });

  it('warns of a port that accepts no connection, and again when it does', async () => {
    const port = await freePort();
    const service = { name: 'web', id: 'a', address: '127.0.0.1', port };
    const context = closing(await compiled({ service }));
    await context.init();
    const refused = `warn Service "web" is not registered yet: 127.0.0.1:${port} accepts no connection yet; is the server listening on another host?`;
    await until('the warning', async () => {
      await clock.advance(OVERDUE_MS);
      return warnings().length === 1;
    });
    expect(warnings()).toEqual([refused]);
    await listening(createServer(), port);
    await until('the registration', async () => {
      await clock.advance(1_000);
      return instances().length === 1;
    });
    expect(warnings()).toEqual([
      refused,
      `warn Registered service "web" as "a" at 127.0.0.1:${port} in ${registry.url}.`,
    ]);
  });

  describe('of a TCP microservice', () => {
    const create = async (options: SidekickModuleOptions, port: number, host?: string) =>
      closing(
        await NestFactory.createMicroservice<MicroserviceOptions>(appModule(options), {
          transport: Transport.TCP,
          options: host === undefined ? { port } : { port, host },
          logger: false,
        }),
      );

    it('takes the address and the port of its own server', async () => {
      const port = await freePort();
      const app = await create({ service: { name: 'web' } }, port);
      await app.listen();
      expect(instances()).toMatchObject([{ port }]);
      expect(['127.0.0.1', '::1']).toContain(instances()[0]?.address);
    });

    it('keeps a port that is given, and looks for an address where the server listens on all', async () => {
      const service = { name: 'web', port: 7_000, interfaces: ['static:10.1.2.3'] };
      const app = await create({ service }, await freePort(), '0.0.0.0');
      await app.listen();
      expect(instances()).toMatchObject([{ address: '10.1.2.3', port: 7_000 }]);
    });

    it('starts once where it is initialised before it listens', async () => {
      const app = await create({ service: { name: 'web' }, key: 'k' }, await freePort());
      await app.init();
      await app.listen();
      expect(app.get(Sidekick).beats.map(({ state }) => state)).toEqual(['alive', 'alive']);
    });
  });

  describe('of an application that is initialised and does not listen', () => {
    it('waits for the given port', async () => {
      const port = await freePort();
      const service = { name: 'web', address: '127.0.0.1', port };
      const app = closing((await compiled({ service })).createNestApplication());
      await app.init();
      await listening(createServer(app.get(HttpAdapterHost).httpAdapter.getInstance<() => void>()), port);
      await until('the registration', async () => {
        await clock.advance(1_000);
        return instances().length === 1;
      });
      expect(instances()).toMatchObject([{ address: '127.0.0.1', port }]);
    });

    it('warns once without a port', async () => {
      const app = closing((await compiled({ service: { name: 'web' } })).createNestApplication());
      await app.init();
      await clock.advance(60_000);
      expect(warnings()).toEqual([
        'warn Service "web" is not registered yet: the application does not listen; call app.listen(), or set `service.port` to the port of another server.',
      ]);
      await app.listen(0, '127.0.0.1');
      expect(instances()).toHaveLength(1);
      expect(warnings()).toHaveLength(2);
    });
  });
});
