import { Transport } from '@nestjs/microservices';
import { serve } from '../../common/serve.js';
import { GRPC } from '../rpc.js';
import { AppserverModule } from './appserver.module.js';
import { ADDRESS, PORTS } from './ports.js';

await serve(AppserverModule, {
  microservices: [
    {
      transport: Transport.GRPC,
      options: { ...GRPC, url: `${ADDRESS}:${PORTS.grpc}`, gracefulShutdown: true },
    },
    { transport: Transport.TCP, options: { host: ADDRESS, port: PORTS.tcp } },
  ],
});
