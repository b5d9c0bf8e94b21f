import { ClientsModule } from '@nestjs/microservices';
import { DiscoveryService } from 'nestjs-sidekick';
import { grpcService } from 'nestjs-sidekick/grpc';
import { tcpService } from 'nestjs-sidekick/microservices';
import { GRPC } from '../rpc.js';

/** Injection tokens of the clients. */
export const APPSERVER_GRPC = 'APPSERVER_GRPC';
export const APPSERVER_TCP = 'APPSERVER_TCP';

/** Clients of the appservers' named ports `grpc` and `tcp`. */
export const AppserverClients = ClientsModule.registerAsync([
  {
    name: APPSERVER_GRPC,
    inject: [DiscoveryService],
    useFactory: (discovery: DiscoveryService) =>
      grpcService(discovery.of('appserver'), { ...GRPC, port: 'grpc' }),
  },
  {
    name: APPSERVER_TCP,
    inject: [DiscoveryService],
    useFactory: (discovery: DiscoveryService) => tcpService(discovery.of('appserver'), { port: 'tcp' }),
  },
]);
