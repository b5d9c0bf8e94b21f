// A separate process that reads a ContainerPilot file and reports every list and every refresh to its parent.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { DiscoveryService, PilotedModule } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';

@Module({ imports: [PilotedModule.forRoot({ config: process.argv[2] ?? '', logger: silentLogger })] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const discovery = app.get(DiscoveryService);
const tell = (): void => {
  const lists = discovery.names().map((name) => [
    name,
    discovery
      .endpoints(name)
      .map(({ id }) => id)
      .sort(),
  ]);
  process.send?.({ lists: Object.fromEntries(lists) as Record<string, string[]> });
};
discovery.changes.subscribe(tell);
tell();
process.once('message', () => {
  void app.close().then(() => {
    process.disconnect();
  });
});
