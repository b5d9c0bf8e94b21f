import { jest } from '@jest/globals';
import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { type ClientGrpc, ClientProxyFactory } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { grpcService, type GrpcServiceOptions } from '../../../lib/grpc/index.js';
import { ServiceResolver } from '../../../lib/grpc/service-resolver.js';
import { type PilotedModuleOptions } from '../../../lib/index.js';
import { fakeServices } from '../../../lib/testing/index.js';
import { createTlsSet } from '../../harness/certificates.js';
import { freePorts } from '../../harness/ports.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import {
  createWorld,
  grpcOptions,
  type HeroService,
  PROTO,
  type Server,
  startServer,
  type World,
} from './support.js';

type Client = ClientGrpc & { close(): void };

describe('grpcService', () => {
  let world: World;
  let client: Client;
  const servers: Server[] = [];

  const connect = (options: Partial<GrpcServiceOptions> = {}): Client =>
    ClientProxyFactory.create(
      grpcService(world.handle, { package: 'hero', protoPath: PROTO, ...options }),
    ) as unknown as Client;
  async function open(options?: Partial<GrpcServiceOptions>, piloted?: PilotedModuleOptions): Promise<void> {
    world = await createWorld(piloted);
    client = connect(options);
  }
  const service = (): HeroService => client.getService<HeroService>('HeroService');
  const call = async (mode = ''): Promise<string> =>
    (await firstValueFrom(service().findOne({ mode }, new Metadata(), { deadline: Date.now() + 60_000 })))
      .instance;
  const reached = async (count = 6): Promise<string[]> => {
    const seen = new Set<string>();
    for (let n = 0; n < count; n += 1) seen.add(await call());
    return [...seen].sort();
  };
  const start = async (id: string, more: object = {}, on?: number): Promise<Server> => {
    const server = await startServer(id, grpcOptions(more), on);
    servers.push(server);
    return server;
  };
  const bothReached = async (): Promise<void> => {
    await until('both instances to be called', async () => (await reached()).length === 2);
  };

  afterEach(async () => {
    jest.restoreAllMocks();
    client.close();
    await world.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('distributes calls over the instances and follows the list', async () => {
    await open();
    const [first] = await world.announce([await start('one'), await start('two')]);
    await bothReached();
    await first!.stop();
    await until('the deregistered instance not to be called', async () => String(await reached()) === 'two');
  });

  it('ends a call without an instance with UNAVAILABLE and the reason', async () => {
    await open();
    const expected = {
      code: 14,
      details: expect.stringContaining('Service "hero" has no endpoints') as string,
    };
    for (let n = 0; n < 3; n += 1) await expect(call()).rejects.toMatchObject(expected);
    // After a silence, too: the channel asks again, and the list is empty.
    await sleep(2_000);
    const begun = Date.now();
    await expect(call()).rejects.toMatchObject(expected);
    expect(Date.now() - begun).toBeLessThan(10_000);
    const [announced] = await world.announce([await start('one')]);
    await until('the new instance to be called', async () => (await call()) === 'one');
    await announced!.stop();
    await until('the list to be empty', () => world.handle.endpoints.length === 0);
    await until('the deregistered instance not to be called', async () => {
      await expect(call()).rejects.toMatchObject(expected);
      return true;
    });
  });

  it('keeps calls until the first list of a service that has none', async () => {
    world = await createWorld();
    const server = await start('one');
    const services = fakeServices({ hero: undefined }, { bootTimeout: 120 });
    client = ClientProxyFactory.create(
      grpcService(services.of('hero'), { package: 'hero', protoPath: PROTO }),
    ) as unknown as Client;
    const asked = jest.spyOn(ServiceResolver.prototype, 'updateResolution');
    const first = call();
    await until('grpc-js to ask', () => asked.mock.calls.length > 0);
    // After a second without an answer, the channel counts as idle.
    await sleep(1_500);
    const second = call();
    services.set('hero', [`127.0.0.1:${server.port}`]);
    expect(await Promise.all([first, second])).toEqual(['one', 'one']);
    services.close();
  });

  it('passes metadata and deadlines, and streams in both directions', async () => {
    await open();
    await world.announce([await start('one')]);
    const metadata = new Metadata();
    metadata.set('token', 'secret');
    expect(await firstValueFrom(service().findOne({ count: 7 }, metadata))).toEqual({
      instance: 'one',
      count: 7,
      token: 'secret',
    });
    await expect(
      firstValueFrom(service().findOne({ mode: 'never' }, metadata, { deadline: Date.now() + 100 })),
    ).rejects.toMatchObject({ code: 4 });
    const many = await lastValueFrom(service().findMany({ count: 3 }).pipe(toArray()));
    expect(many.map(({ count }) => count)).toEqual([1, 2, 3]);
    const chat = await lastValueFrom(
      service()
        .chat(of({ count: 1 }, { count: 2 }))
        .pipe(toArray()),
    );
    expect(chat.map(({ count }) => count)).toEqual([1, 2]);
    expect((await lastValueFrom(service().collect(of({}, {}, {})))).count).toBe(3);
  });

  it('ejects an instance that fails every call, and takes it back when it is well', async () => {
    // Long enough for the channel to follow and for six calls, on a busy machine too.
    await open({}, { services: [{ name: 'hero', outlierDetection: { baseEjectionTime: 5 } }] });
    const [good, bad] = [await start('good'), await start('bad')];
    await world.announce([good, bad]);
    await bothReached();
    const before = bad.handled.length;
    // One call at a time, each a millisecond: the list of the channel follows within 200 ms.
    await until('the failing instance to be ejected', async () => {
      await call('fail bad').catch(() => undefined);
      return world.handle.candidates.length === 1;
    });
    expect(bad.handled.length - before).toBe(5);
    await until('the channel to follow', async () => String(await reached()) === 'good');
    await until('the instance to be called again', async () => (await reached()).length === 2);
  });

  it.each(['unknown', 'fail'])('ejects no instance when all answer with the error "%s"', async (mode) => {
    await open();
    await world.announce([await start('one'), await start('two')]);
    await bothReached();
    for (let n = 0; n < 30; n += 1) await call(mode).catch(() => undefined);
    expect(world.handle.candidates).toHaveLength(2);
  });

  /** Answers a second, where a timer of 200 ms may be a millisecond early. */
  const MAX_RATE = 5.5;

  it('answers at most five times a second with a killed instance in the list, and with an empty list', async () => {
    const answers = jest.spyOn(ServiceResolver.prototype as unknown as { answer(): void }, 'answer');
    await open();
    const [port] = (await freePorts(1)) as [number];
    const [one] = await world.announce([await start('one'), { id: 'killed', port }]);
    await until('the channel to be connected', async () => (await call()) === 'one');
    /** Answers a second, in so many seconds or more: a call may end late. */
    const rate = async (seconds: number): Promise<number> => {
      answers.mockClear();
      const begun = monotonic();
      while (monotonic() < begun + seconds * 1_000) {
        await call().catch(() => undefined);
        await sleep(5);
      }
      // The first comes at once.
      return ((answers.mock.calls.length - 1) * 1_000) / (monotonic() - begun);
    };
    expect(await rate(3)).toBeLessThanOrEqual(MAX_RATE);
    await one!.stop();
    await until('the list to follow', () => world.handle.endpoints.length === 1);
    expect(await rate(1)).toBeLessThanOrEqual(MAX_RATE);
    await world.sidekick.stop();
    await until('the list to be empty', () => world.handle.endpoints.length === 0);
    expect(await rate(2)).toBeLessThanOrEqual(MAX_RATE);
  });

  it('resolves again when the channel was idle', async () => {
    await open({ channelOptions: { 'grpc.client_idle_timeout_ms': 1_000 } });
    const [first] = await world.announce([await start('one')]);
    expect(await call()).toBe('one');
    const destroyed = jest.spyOn(ServiceResolver.prototype, 'destroy');
    await until('the channel to be idle', () => destroyed.mock.calls.length > 0);
    expect(await call()).toBe('one');
    await until('the channel to be idle again', () => destroyed.mock.calls.length > 1);
    await first!.stop();
    await world.announce([await start('two')]);
    expect(await call()).toBe('two');
  });

  it("follows the channel's own service config, with round robin unless it names a policy", async () => {
    const config = (value: object): Partial<GrpcServiceOptions> => ({
      channelOptions: { 'grpc.service_config': JSON.stringify(value) },
    });
    await open(
      config({
        methodConfig: [
          {
            name: [{}],
            retryPolicy: {
              maxAttempts: 3,
              initialBackoff: '0.01s',
              maxBackoff: '0.1s',
              backoffMultiplier: 2,
              retryableStatusCodes: ['UNAVAILABLE'],
            },
          },
        ],
      }),
    );
    const [one, two] = [await start('one'), await start('two')];
    await world.announce([one, two]);
    await bothReached();
    expect(await call('fail one')).toBe('two');
    client.close();
    client = connect(config({ loadBalancingConfig: [{ pick_first: {} }] }));
    expect(await reached()).toHaveLength(1);
  });

  it('calls a named port', async () => {
    await open({ port: 'grpc' });
    await expect(call()).rejects.toMatchObject({ code: 14 });
    await world.announce([{ id: 'one', port: 1 }]);
    await until('the reason to be the missing port', async () => {
      await expect(call()).rejects.toMatchObject({
        details: expect.stringContaining('has a port named "grpc"') as string,
      });
      return true;
    });
    const server = await start('two');
    await world.announce([{ id: 'two', port: 1 }], { ports: { grpc: server.port } });
    await until('the named port to be called', async () => (await call()) === 'two');
  });

  it('connects with TLS to the name of the service', async () => {
    const tls = await createTlsSet();
    const { cert, key } = tls.authority.issue({ commonName: 'hero', hosts: ['hero'] });
    const server = ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
    ]);
    await open({ credentials: credentials.createSsl(Buffer.from(tls.authority.pem)) });
    await world.announce([await start('one', { credentials: server })]);
    expect(await call()).toBe('one');
    await tls.remove();
  });

  it('ignores a proxy of the environment', async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      await open();
      await world.announce([await start('one')]);
      expect(await call()).toBe('one');
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  it('keeps the interceptors of the application', async () => {
    const seen: string[] = [];
    const interceptor = (
      options: { method_definition: { path: string } },
      next: (options: object) => unknown,
    ) => {
      seen.push(options.method_definition.path);
      return next(options);
    };
    await open({ channelOptions: { interceptors: [interceptor] } });
    await world.announce([await start('one')]);
    await call();
    client.close();
    client = connect({ channelOptions: { interceptor_providers: [() => interceptor] } });
    await call();
    expect(seen).toEqual(['/hero.HeroService/FindOne', '/hero.HeroService/FindOne']);
  });
});
