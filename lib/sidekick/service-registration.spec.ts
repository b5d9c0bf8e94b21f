import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryUnavailableError } from '../common/errors/index.js';
import { type Registrar } from '../registration/registrar.js';
import { errorOf, failureOf } from '../registration/worker/failure.js';
import { DISABLED_REGISTRAR } from './disabled-registrar.js';
import { OVERDUE_MS } from './overdue-warning.js';
import { SIDEKICK_REGISTRAR } from './sidekick.tokens.js';
import { until } from '../../test/harness/wait.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';

const NOWHERE = ['none0'];

describe('the registration of a service', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  describe('refused by the registry', () => {
    it('rejects app.listen() with the error, closes the server and leaves no session', async () => {
      const service = { name: 'web' };
      const app = bench.closing(
        await NestFactory.create(bench.appModule({ service, registry: bench.readOnly() }), { logger: false }),
      );
      await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('permission denied');
      expect((app.getHttpServer() as Server).listening).toBe(false);
      expect(bench.registry.store.sessions).toBe(0);
    });

    it('rejects listen() of a TCP microservice', async () => {
      const app = bench.closing(
        await NestFactory.createMicroservice<MicroserviceOptions>(
          bench.appModule({ service: { name: 'web' }, registry: bench.readOnly() }),
          { transport: Transport.TCP, options: { port: await bench.freePort() }, logger: false },
        ),
      );
      await expect(app.listen()).rejects.toThrow('permission denied');
      expect(app.unwrap<Server>().listening).toBe(false);
    });

    it('boots without failFast, warns once and serves requests', async () => {
      const options = { service: { name: 'web', id: 'a' }, registry: bench.readOnly(), failFast: false };
      const app = bench.closing(await NestFactory.create(bench.appModule(options), { logger: false }));
      await app.listen(0, '127.0.0.1');
      await until('the warning', () =>
        bench.warnings().some((line) => line.includes('The first write of "web/a"')),
      );
      expect((app.getHttpServer() as Server).listening).toBe(true);
    });
  });

  it.each([true, false])(
    'rejects app.listen() where the id is taken: exclusive, failFast %s',
    async (failFast) => {
      const options = { service: { name: 'web', id: 'one' }, exclusive: true, failFast };
      const first = bench.closing(await NestFactory.create(bench.appModule(options), { logger: false }));
      await first.listen(0, '127.0.0.1');
      const second = bench.closing(await NestFactory.create(bench.appModule(options), { logger: false }));
      await expect(second.listen(0, '127.0.0.1')).rejects.toMatchObject({ code: 'SIDEKICK_ALREADY_HELD' });
      expect(bench.lines.filter((line) => line.includes('succeeded'))).toEqual([]);
      expect((second.getHttpServer() as Server).listening).toBe(false);
      expect(bench.instances()).toHaveLength(1);
    },
  );

  it.each([{ key: 'k' }, { service: { name: 'web' } }, { key: 'k', service: { name: 'web' } }])(
    'announces no retry where a read-only registry fails the boot: %j',
    async (options) => {
      const registry = 'dns:example.org';
      const app = bench.closing(
        await NestFactory.create(bench.appModule({ registry, ...options }), {
          logger: false,
          abortOnError: false,
        }),
      );
      await expect(app.init()).rejects.toThrow('is read-only: the DNS takes no registrations');
      expect(bench.lines.filter((line) => line.includes('etrying'))).toEqual([]);
    },
  );

  it.each([{ key: 'k' }, { service: { name: 'web' } }])(
    'announces no retry where a refused write fails the boot: %j',
    async (options) => {
      const registry = bench.readOnly();
      const app = bench.closing(
        await NestFactory.create(bench.appModule({ registry, ...options }), {
          logger: false,
          abortOnError: false,
        }),
      );
      await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('permission denied');
      expect(bench.lines.filter((line) => line.includes('etrying'))).toEqual([]);
    },
  );

  it('says which option boots without the registry, also where the worker thread could not reach it', async () => {
    const error = errorOf(failureOf(new RegistryUnavailableError('etcd://a', [])));
    const registrar: Registrar = { ...DISABLED_REGISTRAR, connect: () => Promise.reject(error) };
    const compiling = Test.createTestingModule({ imports: [bench.appModule({ service: { name: 'web' } })] });
    const compiled = await compiling.overrideProvider(SIDEKICK_REGISTRAR).useValue(registrar).compile();
    await expect(compiled.createNestApplication().init()).rejects.toThrow('not reachable');
    expect(bench.lines).toEqual([
      expect.stringMatching(/^error The boot fails .* With `failFast: false` the application boots/),
    ]);
  });

  it('is complete when app.listen() resolves, and is logged with its address', async () => {
    const service = { name: 'web', id: 'one' };
    const app = bench.closing(await NestFactory.create(bench.appModule({ service }), { logger: false }));
    let called = 0;
    await app.listen(0, '127.0.0.1', () => {
      called += 1;
      expect(bench.instances()).toHaveLength(1);
    });
    expect(called).toBe(1);
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    expect(bench.lines).toEqual([
      `log Registered service "web" as "one" at 127.0.0.1:${port} in ${bench.registry.url}.`,
    ]);
  });

  it('passes on an error of the server', async () => {
    const taken = await bench.listening(createServer());
    const app = bench.closing(
      await NestFactory.create(bench.appModule({ service: { name: 'web' } }), { logger: false }),
    );
    await expect(app.listen(taken, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    expect(bench.instances()).toEqual([]);
  });

  describe('with interfaces that match nothing', () => {
    const service = { name: 'web', interfaces: NOWHERE, port: 3000 };

    it('fails the boot of an application context', async () => {
      await expect(
        NestFactory.createApplicationContext(bench.appModule({ service }), {
          logger: false,
          abortOnError: false,
        }),
      ).rejects.toMatchObject({ code: 'SIDEKICK_NO_ADDRESS' });
    });

    it('fails the boot of an HTTP application', async () => {
      const app = await NestFactory.create(bench.appModule({ service }), { logger: false });
      await expect(app.init()).rejects.toMatchObject({ code: 'SIDEKICK_NO_ADDRESS' });
    });

    it('warns once without failFast, and retries', async () => {
      const context = bench.closing(await bench.compiled({ service, failFast: false }));
      await context.init();
      await bench.clock.advance(OVERDUE_MS);
      expect(bench.warnings()).toEqual([
        expect.stringMatching(/^warn Service "web" is not registered yet: .*none0/),
      ]);
      await bench.clock.advance(60_000);
      expect(bench.warnings()).toHaveLength(1);
    });

    it('warns at once without failFast when the server listens', async () => {
      const app = bench.closing((await bench.compiled({ service, failFast: false })).createNestApplication());
      await app.listen(0);
      expect(bench.warnings()).toHaveLength(1);
    });
  });

  it('warns of a port of a ContainerPilot file that is not the port of the server', async () => {
    const port = await bench.freePort();
    const folder = await mkdtemp(join(tmpdir(), 'sidekick-config-'));
    const config = join(folder, 'containerpilot.json5');
    const job = `name: 'web', port: ${port}, interfaces: ['static:127.0.0.1']`;
    const health = "health: { exec: '/bin/true', interval: 5, ttl: 7 }";
    await writeFile(config, `{ consul: 'localhost:8500', jobs: [{ ${job}, exec: '/bin/web', ${health} }] }`);
    try {
      const app = bench.closing((await bench.compiled({ config })).createNestApplication());
      await app.listen(0, '127.0.0.1');
      await until('the warning', async () => {
        await bench.clock.advance(OVERDUE_MS);
        return bench.warnings().length > 0;
      });
      expect(bench.warnings()).toEqual([
        `warn Service "web" is not registered yet: 127.0.0.1:${port} accepts no connection yet; is the server listening on another host?`,
      ]);
      expect(bench.instances()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('warns of a port that accepts no connection, and logs when it does', async () => {
    const port = await bench.freePort();
    const service = { name: 'web', id: 'a', address: '127.0.0.1', port };
    const context = bench.closing(await bench.compiled({ service }));
    await context.init();
    const refused = `warn Service "web" is not registered yet: 127.0.0.1:${port} accepts no connection yet; is the server listening on another host?`;
    await until('the warning', async () => {
      await bench.clock.advance(OVERDUE_MS);
      return bench.warnings().length === 1;
    });
    expect(bench.warnings()).toEqual([refused]);
    await bench.listening(createServer(), port);
    await until('the registration', async () => {
      await bench.clock.advance(1_000);
      return bench.instances().length === 1;
    });
    expect(bench.warnings()).toEqual([
      refused,
      `warn Registered service "web" as "a" at 127.0.0.1:${port} in ${bench.registry.url}.`,
    ]);
  });

  describe('of an application that is initialised and does not listen', () => {
    it('waits for the given port', async () => {
      const port = await bench.freePort();
      const service = { name: 'web', address: '127.0.0.1', port };
      const app = bench.closing((await bench.compiled({ service })).createNestApplication());
      await app.init();
      await bench.listening(
        createServer(app.get(HttpAdapterHost).httpAdapter.getInstance<() => void>()),
        port,
      );
      await until('the registration', async () => {
        await bench.clock.advance(1_000);
        return bench.instances().length === 1;
      });
      expect(bench.instances()).toMatchObject([{ address: '127.0.0.1', port }]);
    });

    it.each([undefined, null])('warns once without a port: %s', async (port) => {
      const service = { name: 'web', port } as never;
      const app = bench.closing((await bench.compiled({ service })).createNestApplication());
      await app.init();
      await bench.clock.advance(60_000);
      expect(bench.warnings()).toEqual([
        'warn Service "web" is not registered yet: the application does not listen; call app.listen(), or set `service.port` to the port of another server.',
      ]);
      await app.listen(0, '127.0.0.1');
      expect(bench.instances()).toHaveLength(1);
      expect(bench.warnings()).toHaveLength(2);
    });
  });
});
