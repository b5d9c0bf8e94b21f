import { Transport } from '@nestjs/microservices';
import { GRPC } from '../rpc.js';
import { serve } from '../serve.js';
import { AppserverModule } from './appserver.module.js';
import { ADDRESS, PORTS } from './ports.js';

// HTTP on any free port: other processes read all ports from the registry.
await serve(AppserverModule, '0', [
  {
    transport: Transport.GRPC,
    options: { ...GRPC, url: `${ADDRESS}:${PORTS.grpc}`, gracefulShutdown: true },
  },
  { transport: Transport.TCP, options: { host: ADDRESS, port: PORTS.tcp } },
]);
