// A separate process with PilotedModule that reports every list to its parent and ends by itself once it is closed.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { DiscoveryService, PilotedModule } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';

const config = process.argv[2] ?? '';

@Module({ imports: [PilotedModule.forRoot({ registry: 'memory:', config, logger: silentLogger })] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const discovery = app.get(DiscoveryService);
const tell = (): void =>
  void process.send?.({ names: discovery.names(), at: process.listenerCount('SIGHUP') });
tell();
// The module reads the file in its own time after a signal: whatever changes the names is reported.
let reported = discovery.names().join();
const reporting = setInterval(() => {
  const names = discovery.names().join();
  if (names === reported) return;
  reported = names;
  tell();
}, 20);
process.once('message', () => {
  clearInterval(reporting);
  void app.close().then(() => {
    tell();
    process.disconnect();
  });
});
