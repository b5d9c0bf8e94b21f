import { NestFactory } from '@nestjs/core';
import {
  type CustomTransportStrategy,
  type MicroserviceOptions,
  Server as RpcServer,
  Transport,
} from '@nestjs/microservices';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';

describe('the registration of a microservice', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  describe('of a TCP microservice', () => {
    const create = async (options: SidekickModuleOptions, port: number, host?: string) =>
      bench.closing(
        await NestFactory.createMicroservice<MicroserviceOptions>(bench.appModule(options), {
          transport: Transport.TCP,
          options: host === undefined ? { port } : { port, host },
          logger: false,
        }),
      );

    it('uses the address and the port of its own server', async () => {
      const port = await bench.freePort();
      const app = await create({ service: { name: 'web' } }, port);
      await app.listen();
      expect(bench.instances()).toMatchObject([{ port }]);
      expect(['127.0.0.1', '::1']).toContain(bench.instances()[0]?.address);
    });

    it('uses the given port, and selects an address when the server listens on all', async () => {
      const service = { name: 'web', port: 7_000, interfaces: ['static:10.1.2.3'] };
      const app = await create({ service }, await bench.freePort(), '0.0.0.0');
      await app.listen();
      expect(bench.instances()).toMatchObject([{ address: '10.1.2.3', port: 7_000 }]);
    });

    it('registers once when it is initialised before it listens', async () => {
      const app = await create({ service: { name: 'web' }, key: 'k' }, await bench.freePort());
      await app.init();
      await app.listen();
      expect(app.get(Sidekick).beats.map(({ state }) => state)).toEqual(['alive', 'alive']);
    });
  });

  describe('of a gRPC microservice', () => {
    class GrpcServer extends RpcServer implements CustomTransportStrategy {
      override readonly transportId = Transport.GRPC;
      closed = false;

      constructor(readonly url: string) {
        super();
      }
      listen(callback: () => void): void {
        callback();
      }
      close(): void {
        this.closed = true;
      }
      on(): void {
        throw new Error('Expected no listener.');
      }
      unwrap(): never {
        throw new Error('Expected no look inside.');
      }
    }

    const create = async (options: SidekickModuleOptions, strategy: GrpcServer) =>
      bench.closing(
        await NestFactory.createMicroservice<MicroserviceOptions>(bench.appModule(options), {
          strategy,
          logger: false,
        }),
      );

    it.each<[string, string, number]>([
      ['localhost:5001', '127.0.0.1', 5001],
      ['[::1]:5002', '::1', 5002],
      ['0.0.0.0:5003', '10.1.2.3', 5003],
    ])('takes address and port of %s', async (url, address, port) => {
      const interfaces = { interfaces: ['static:10.1.2.3'] };
      const service = { name: 'web', ...(address === '10.1.2.3' && interfaces) };
      const app = await create({ service }, new GrpcServer(url));
      await app.listen();
      expect(bench.instances()).toMatchObject([{ address, port }]);
    });

    it('rejects listen() when neither the URL nor the options name a port', async () => {
      const server = new GrpcServer('unix:///tmp/grpc.sock');
      const app = await create({ service: { name: 'web' } }, server);
      await expect(app.listen()).rejects.toThrow(/Expected `service\.port` to be given/);
      expect(server.closed).toBe(true);
    });
  });
});
