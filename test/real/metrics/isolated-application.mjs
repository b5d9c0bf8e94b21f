// An application whose heartbeats run in a thread, as it is built; its registry is in SIDEKICK_REGISTRY. Sends what its
// channels publish.
import { subscribe } from 'node:diagnostics_channel';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Sidekick, SidekickModule } from '../../../dist/index.js';

class AppModule {}

const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports: [SidekickModule.forRoot({ isolate: true, key: 'isolated', ttl: 6 })] },
  { logger: false },
);
subscribe('sidekick:registry:request', (message) => process.send({ channel: 'request', message }));
subscribe('sidekick:heartbeat:renewed', (message) => {
  process.send({ channel: 'beats', message: app.get(Sidekick).beats[0] });
  process.send({ channel: 'renewed', message });
});
process.once('message', () => void app.close().then(() => process.disconnect()));
