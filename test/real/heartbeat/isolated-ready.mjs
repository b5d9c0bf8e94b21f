// An application whose heartbeats run in a thread, as it is built; its registry is in SIDEKICK_REGISTRY. A message of the
// parent says whether it is ready; without a boolean it ends.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { SidekickModule } from '../../../dist/index.js';

class AppModule {}

let isReady = false;
const service = { name: 'web', ready: () => isReady };
const app = await NestFactory.create(
  { module: AppModule, imports: [SidekickModule.forRoot({ isolate: true, service, updateInterval: 1 })] },
  { logger: false },
);
process.on('message', (message) => {
  if (typeof message === 'boolean') isReady = message;
  else void app.close().then(() => process.disconnect());
});
await app.listen(0, '127.0.0.1');
process.send('listening');
