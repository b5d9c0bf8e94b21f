/** The description of the gRPC service of {@link callsFiles}. */
const PROTO = `
syntax = "proto3";
package hero;
service HeroService { rpc Find (Request) returns (Hero); }
message Request {}
message Hero { string by = 1; }
`;

/** An application that serves HTTP, gRPC and TCP, finds itself, and calls each by the name of the service. */
const APPLICATION = `
import { HttpModule, HttpService } from '@nestjs/axios';
import { Controller, Get, Module, Post, Redirect, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientGrpc,
  type ClientProxy,
  ClientsModule,
  GrpcMethod,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DiscoveryService, PilotedModule, SidekickModule } from 'nestjs-sidekick';
import { grpcService } from 'nestjs-sidekick/grpc';
import { ServiceHttp, ServiceHttpModule } from 'nestjs-sidekick/http';
import { tcpService } from 'nestjs-sidekick/microservices';
import { firstValueFrom, type Observable } from 'rxjs';

const registry = 'memory:calls';
const proto = { package: 'hero', protoPath: 'hero.proto' };

interface Ports {
  readonly grpc: number;
  readonly tcp: number;
}

@Controller()
class HeroController {
  @Get('who')
  get() {
    return { by: 'GET' };
  }
  @Post('who')
  post() {
    return { by: 'POST' };
  }
  @Get('moved')
  @Redirect('/who')
  moved(): void {}
  @GrpcMethod('HeroService', 'Find')
  grpc() {
    return { by: 'grpc' };
  }
  @MessagePattern('find')
  tcp() {
    return { by: 'tcp' };
  }
}

function applicationWith(ports: Ports): Type {
  @Module({
    imports: [
      SidekickModule.forRoot({ registry, service: { name: 'hero', ports: { ...ports } } }),
      PilotedModule.forRoot({ registry }),
      ServiceHttpModule.forRoot(),
      HttpModule.registerAsync({
        inject: [ServiceHttp],
        useFactory: (http: ServiceHttp) => ({ adapter: http.axiosAdapter, timeout: 60_000 }),
      }),
      ClientsModule.registerAsync([
        {
          name: 'GRPC',
          inject: [DiscoveryService],
          useFactory: (discovery: DiscoveryService) => grpcService(discovery.of('hero'), { ...proto, port: 'grpc' }),
        },
        {
          name: 'TCP',
          inject: [DiscoveryService],
          useFactory: (discovery: DiscoveryService) => tcpService(discovery.of('hero'), { port: 'tcp' }),
        },
      ]),
    ],
    controllers: [HeroController],
  })
  class AppModule {}
  return AppModule;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What every client gets: before the instance is registered, and after. */
export async function callAll(): Promise<{ before: Record<string, unknown>; after: Record<string, unknown> }> {
  const ports = { grpc: await freePort(), tcp: await freePort() };
  const app = await NestFactory.create(applicationWith(ports), { logger: ['error', 'warn'] });
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: { ...proto, url: \`127.0.0.1:\${ports.grpc}\` },
  });
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: ports.tcp },
  });
  await app.startAllMicroservices();
  // The registry is read from here on, and the instance is registered when the application listens.
  await app.init();
  const http = app.get(ServiceHttp);
  const axios = app.get(HttpService);
  const hero = app.get<ClientGrpc>('GRPC').getService<{ find(request: object): Observable<unknown> }>('HeroService');
  const tcp = app.get<ClientProxy>('TCP');
  const byFetch = async (path: string, init?: RequestInit): Promise<unknown> =>
    (await http.fetch(\`http://hero/\${path}\`, init)).json();
  const byAxios = async (method: string, path: string): Promise<unknown> =>
    (await firstValueFrom(axios.request<unknown>({ method, url: \`http://hero/\${path}\` }))).data;
  const clients: Record<string, () => Promise<unknown>> = {
    fetch: () => byFetch('who'),
    'fetch POST': () => byFetch('who', { method: 'POST', body: 'x' }),
    'fetch redirect': () => byFetch('moved'),
    axios: () => byAxios('GET', 'who'),
    'axios POST': () => byAxios('POST', 'who'),
    'axios redirect': () => byAxios('GET', 'moved'),
    grpc: () => firstValueFrom(hero.find({})),
    tcp: () => firstValueFrom(tcp.send('find', {})),
  };
  const results = async (): Promise<Record<string, unknown>> => {
    const all: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(clients))
      all[name] = await call().catch((error: { code?: unknown }) => error.code ?? String(error));
    return all;
  };
  const before = await results();
  await app.listen(0, '127.0.0.1');
  await app.get(DiscoveryService).of('hero').ready();
  // The channel of gRPC follows the list within 200 ms, and later on a busy machine.
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const found = await firstValueFrom(hero.find({})).catch(() => undefined);
    if (found !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const after = await results();
  await app.close();
  return { before, after };
}
`;

const MAIN = `
import 'reflect-metadata';
import { callAll } from './calls-application.js';

void callAll().then((result) => {
  console.log(JSON.stringify(result));
});
`;

/** What `callAll` returns. */
export const CALLS_RESULT = {
  before: {
    fetch: 'SIDEKICK_NO_ENDPOINTS',
    'fetch POST': 'SIDEKICK_NO_ENDPOINTS',
    'fetch redirect': 'SIDEKICK_NO_ENDPOINTS',
    axios: 'SIDEKICK_NO_ENDPOINTS',
    'axios POST': 'SIDEKICK_NO_ENDPOINTS',
    'axios redirect': 'SIDEKICK_NO_ENDPOINTS',
    grpc: 14,
    tcp: 'SIDEKICK_NO_ENDPOINTS',
  },
  after: {
    fetch: { by: 'GET' },
    'fetch POST': { by: 'POST' },
    'fetch redirect': { by: 'GET' },
    axios: { by: 'GET' },
    'axios POST': { by: 'POST' },
    'axios redirect': { by: 'GET' },
    grpc: { by: 'grpc' },
    tcp: { by: 'tcp' },
  },
};

/** The application, a program `src/calls.ts` that prints what its calls return, and a test of its own in `calls/`. */
export function callsFiles(type: 'module' | 'commonjs'): Record<string, string> {
  const ending = type === 'module' ? '.js' : '';
  return {
    'hero.proto': PROTO,
    'src/calls-application.ts': APPLICATION,
    'src/calls.ts': MAIN.replace('-application.js', `-application${ending}`),
    'calls/hero.proto': PROTO,
    'calls/src/calls-application.ts': APPLICATION,
    'calls/src/calls.spec.ts': `
import 'reflect-metadata';
import { callAll } from './calls-application${ending}';

it('calls itself by the name of the service with every client', async () => {
  expect(await callAll()).toEqual(${JSON.stringify(CALLS_RESULT)});
}, 120_000);
`,
  };
}
