/** The description of the gRPC service of {@link RPC}. */
export const RPC_PROTO = `
syntax = "proto3";
package hero;
service HeroService { rpc Find (Request) returns (Hero); }
message Request {}
message Hero { string by = 1; }
`;

/** An application that serves gRPC and TCP, finds itself, and calls both by the name of the service. */
export const RPC = `
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
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
import { DiscoveryService, PilotedModule, SidekickModule } from 'nestjs-sidekick';
import { grpcService } from 'nestjs-sidekick/grpc';
import { tcpService } from 'nestjs-sidekick/microservices';
import { firstValueFrom, type Observable } from 'rxjs';

const ports = { grpc: Number(process.env.GRPC_PORT), tcp: Number(process.env.TCP_PORT) };
const proto = { package: 'hero', protoPath: 'hero.proto' };

@Controller()
class HeroController {
  @GrpcMethod('HeroService', 'Find')
  grpc() {
    return { by: 'grpc' };
  }
  @MessagePattern('find')
  tcp() {
    return { by: 'tcp' };
  }
}

@Module({
  imports: [
    SidekickModule.forRoot({ service: { name: 'hero', ports } }),
    PilotedModule.forRoot(),
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

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: { ...proto, url: \`127.0.0.1:\${ports.grpc}\` },
  });
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: ports.tcp },
  });
  await app.startAllMicroservices();
  const grpc = app.get<ClientGrpc>('GRPC').getService<{ find(request: object): Observable<{ by: string }> }>('HeroService');
  const tcp = app.get<ClientProxy>('TCP');
  const failed = async (call: Observable<unknown>): Promise<unknown> =>
    await firstValueFrom(call).then(() => 'no error', (error: { code: unknown }) => error.code);
  const before = [await failed(grpc.find({})), await failed(tcp.send('find', {}))];
  await app.listen(0, '127.0.0.1');
  await app.get(DiscoveryService).of('hero').ready();
  // The channel of gRPC follows the list within 200 ms.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = [await firstValueFrom(grpc.find({})), await firstValueFrom(tcp.send('find', {}))];
  console.log(JSON.stringify({ before, after }));
  await app.close();
}
void main();
`;
