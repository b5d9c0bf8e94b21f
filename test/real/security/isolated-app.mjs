// An application with an isolated heartbeat, as it is built; its registry is in SIDEKICK_REGISTRY. Says what it knows, and ends.
import { inspect } from 'node:util';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Sidekick, SidekickModule } from '../../../dist/index.js';

class AppModule {}

const say = (level) => (message) => console.log(`${level}: ${message}`);
const logger = { log: say('log'), warn: say('warn'), error: say('error'), debug: say('debug') };
const failFast = process.argv[2] === 'fail-fast';
try {
  const app = await NestFactory.createApplicationContext(
    {
      module: AppModule,
      imports: [SidekickModule.forRoot({ isolate: true, key: 'isolated', value: 'x', failFast, logger })],
    },
    { logger: false, abortOnError: false },
  );
  console.log(inspect(app.get(Sidekick).beats), inspect(app.get(Sidekick), { depth: 12 }));
  process.send('ready');
  process.once('message', () => void app.close().then(() => process.disconnect()));
} catch (error) {
  console.log(inspect(error, { depth: 12 }), error.stack, JSON.stringify(error));
  process.send('failed');
  process.disconnect();
}
