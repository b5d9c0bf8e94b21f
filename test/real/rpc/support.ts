import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx,
  EventPattern,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { Test, type TestingModule } from '@nestjs/testing';
import { fileURLToPath } from 'node:url';
import { map, NEVER, type Observable, range } from 'rxjs';
import {
  type AnnouncedService,
  DiscoveryService,
  PilotedModule,
  type PilotedModuleOptions,
  type ServiceAnnouncement,
  type ServiceHandle,
  Sidekick,
  SidekickModule,
} from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { freePorts } from '../../harness/ports.js';
import { until } from '../../harness/wait.js';

export const PROTO = fileURLToPath(new URL('hero.proto', import.meta.url));

export interface Request {
  readonly mode?: string;
  readonly count?: number;
}

export interface Hero {
  readonly instance: string;
  readonly count: number;
  readonly token: string;
}

/** The service of `hero.proto`, as Nest's client has it. */
export interface HeroService {
  findOne(request: Request, metadata?: Metadata, options?: object): Observable<Hero>;
  findMany(request: Request): Observable<Hero>;
  chat(requests: Observable<Request>): Observable<Hero>;
  collect(requests: Observable<Request>): Observable<Hero>;
}

/** A running server. */
export interface Server {
  readonly id: string;
  readonly port: number;
  /** The messages and events that it has handled. */
  readonly handled: readonly string[];
  close(): Promise<void>;
}

type ServerOptions = (port: number) => MicroserviceOptions;

/** A gRPC server of `hero.proto` that answers with its id. */
export const grpcOptions =
  (more: object = {}): ServerOptions =>
  (port) => ({
    transport: Transport.GRPC,
    options: { package: 'hero', protoPath: PROTO, url: `127.0.0.1:${port}`, gracefulShutdown: true, ...more },
  });

/** A TCP server that answers with its id. */
export const tcpOptions =
  (more: object = {}): ServerOptions =>
  (port) => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port, ...more } });

export async function startServer(id: string, options: ServerOptions, on?: number): Promise<Server> {
  const port = on ?? (await freePorts(1))[0]!;
  const handled: string[] = [];
  const answer = (request: Request, token = ''): Hero => {
    handled.push(request.mode ?? '');
    if (request.mode === `fail ${id}` || request.mode === 'fail')
      throw new RpcException({ code: 14, message: 'out of order' });
    if (request.mode === 'unknown') throw new RpcException('just a string');
    return { instance: id, count: request.count ?? 0, token };
  };

  @Controller()
  class HeroController {
    @GrpcMethod('HeroService', 'FindOne')
    findOne(
      request: Request,
      metadata: Metadata,
      _call: ServerUnaryCall<Request, Hero>,
    ): Hero | Observable<Hero> {
      if (request.mode === 'never') return NEVER;
      return answer(request, String(metadata.get('token')[0] ?? ''));
    }
    @GrpcMethod('HeroService', 'FindMany')
    findMany(request: Request): Observable<Hero> {
      return range(1, request.count ?? 0).pipe(map((count) => answer({ ...request, count })));
    }
    @GrpcStreamMethod('HeroService', 'Chat')
    chat(requests: Observable<Request>): Observable<Hero> {
      return requests.pipe(map((request) => answer(request)));
    }
    @GrpcStreamCall('HeroService', 'Collect')
    collect(requests: NodeJS.ReadableStream, callback: (error: unknown, hero: Hero) => void): void {
      let count = 0;
      requests.on('data', () => (count += 1));
      requests.on('end', () => callback(null, answer({ count })));
    }

    @MessagePattern('find')
    find(@Payload() request: Request): Hero | Observable<Hero> {
      if (request.mode === 'never') return NEVER;
      return answer(request);
    }
    @MessagePattern('many')
    many(@Payload() request: Request): Observable<Hero> {
      return range(1, request.count ?? 0).pipe(map((count) => answer({ ...request, count })));
    }
    @MessagePattern('large')
    large(): string {
      return 'x'.repeat(10_000);
    }
    @EventPattern('happened')
    happened(@Payload() what: string, @Ctx() _context: unknown): void {
      handled.push(what);
    }
  }

  @Module({ controllers: [HeroController] })
  class ServerModule {}

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(ServerModule, {
    ...options(port),
    logger: false,
  });
  await app.listen();
  return { id, port, handled, close: () => app.close() };
}

/** A registry in memory, with an application that discovers services in it. */
export interface World {
  readonly app: TestingModule;
  readonly discovery: DiscoveryService;
  readonly sidekick: Sidekick;
  readonly handle: ServiceHandle;
  /** Registers servers as instances of `hero`, and waits until the handle has them. */
  announce(
    servers: readonly Pick<Server, 'id' | 'port'>[],
    more?: Partial<ServiceAnnouncement>,
  ): Promise<readonly AnnouncedService[]>;
  close(): Promise<void>;
}

let worlds = 0;

export async function createWorld(
  options: PilotedModuleOptions = {},
  imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']> = [],
): Promise<World> {
  const registry = `memory:rpc-${process.pid}-${++worlds}`;
  const app = await Test.createTestingModule({
    imports: [
      SidekickModule.forRoot({ registry, logger: silentLogger }),
      PilotedModule.forRoot({ registry, logger: silentLogger, ...options }),
      ...imports,
    ],
  }).compile();
  await app.init();
  const discovery = app.get(DiscoveryService);
  const sidekick = app.get(Sidekick);
  const handle = discovery.of('hero');
  await handle.ready({ min: 0 });
  return {
    app,
    discovery,
    sidekick,
    handle,
    announce: async (servers, more) => {
      const announced = await Promise.all(
        servers.map(({ id, port }) =>
          sidekick.announce({ name: 'hero', id, address: '127.0.0.1', port, ...more }),
        ),
      );
      await until('the instances to be known', () =>
        servers.every(({ id }) => handle.endpoints.some((endpoint) => endpoint.id === id)),
      );
      return announced;
    },
    close: () => app.close(),
  };
}
