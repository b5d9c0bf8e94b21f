// A process of its own with PilotedModule, which tells its parent of every list and ends by itself once it is closed.
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
const hup = (): void => {
  // After the module's own handler: by then the file has been read.
  void discovery.refresh().then(tell, tell);
};
process.on('SIGHUP', hup);
process.once('message', () => {
  process.off('SIGHUP', hup);
  void app.close().then(() => {
    tell();
    process.disconnect();
  });
});
