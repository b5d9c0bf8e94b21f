// node successor-application.mjs FOLDER: an application, as it is built, that reports to the `@prometheus-io/client` which is
// installed in FOLDER. Prints the scrape.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { DiscoveryService, memory, PilotedModule, Sidekick, SidekickModule } from '../../../dist/index.js';
import { SidekickMetricsModule } from '../../../dist/metrics/index.js';

const [, , folder] = process.argv;
const client = createRequire(join(folder, 'index.js'))('@prometheus-io/client');

class AppModule {}

const registry = memory();
const start = () =>
  NestFactory.createApplicationContext(
    {
      module: AppModule,
      imports: [
        SidekickModule.forRoot({ registry }),
        PilotedModule.forRoot({ registry, services: [{ name: 'web', fallback: ['10.0.0.1:80'] }] }),
        SidekickMetricsModule.forRoot({ client }),
      ],
    },
    { logger: ['warn', 'error'] },
  );
const apps = [await start(), await start()];
await apps[0].get(Sidekick).keep('leader', 'me');
await apps[1]
  .get(DiscoveryService)
  .of('web')
  .call(() => Promise.resolve());
const scrape = await client.register.metrics();
const worker = await client.register.getMetricsAsJSON();
const fleet = await client.AggregatorRegistry.aggregate([worker, worker, worker]).metrics();
await Promise.all(apps.map((app) => app.close()));
console.log(JSON.stringify({ scrape, fleet }));
