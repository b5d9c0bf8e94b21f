// An application whose heartbeats run in a thread, as it is built; its registry is in SIDEKICK_REGISTRY. It asks for a key
// that is held, and prints what that rejects with.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AlreadyHeldError, InvalidOptionError, Sidekick, SidekickModule } from '../../../dist/index.js';

class AppModule {}

const options = { isolate: true, key: 'k', exclusive: true };
const application = (more) =>
  NestFactory.create(
    { module: AppModule, imports: [SidekickModule.forRoot({ ...options, ...more })] },
    { logger: false, abortOnError: false },
  );

async function rejection(more) {
  const app = await application(more);
  const error = await app.init().then(
    () => undefined,
    (thrown) => thrown,
  );
  await app.close();
  return {
    held: error instanceof AlreadyHeldError,
    invalid: error instanceof InvalidOptionError,
    message: error?.message,
  };
}

const holder = await application({});
await holder.init();
const taken = await rejection({});
const unreadable = await rejection({ registry: 'consuls://127.0.0.1:1?ca=/nowhere/ca.pem' });
await holder.get(Sidekick).stop();
await holder.close();
process.stdout.write(JSON.stringify({ taken, unreadable }));
