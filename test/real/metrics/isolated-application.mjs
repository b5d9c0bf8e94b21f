// An application whose heartbeats run in a thread, as it is built; its registry is in SIDEKICK_REGISTRY. Sends what its
// channels publish.
import { subscribe } from 'node:diagnostics_channel';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Sidekick, SidekickModule } from '../../../dist/index.js';

class AppModule {}

for (const name of ['sidekick:heartbeat:renewed', 'sidekick:registry:request'])
  subscribe(name, (message) => process.send({ channel: name, message }));

const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports: [SidekickModule.forRoot({ isolate: true, key: 'isolated', ttl: 2 })] },
  { logger: false },
);
process.send({ channel: 'beats', message: app.get(Sidekick).beats[0] });
process.once('message', () => void app.close().then(() => process.disconnect()));
