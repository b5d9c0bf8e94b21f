/** Boots an application with both modules, and closes it, again and again. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { memory, PilotedModule, SidekickModule } from '../../../lib/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { registryPool } from '../../../lib/registry/registry-pool.js';
import { serve, settings } from '../../harness/worker-side.js';
import { belongings } from './belongings.js';

export interface BootsSettings {
  readonly url: string;
}

const { url } = settings() as BootsSettings;
// The memory store's history for resumed watches is not measured.
const registry = url === 'memory:' ? memory({ history: 64 }) : url;

async function boot(): Promise<void> {
  const shared = { registry, logger: silentLogger };
  const imports = [
    SidekickModule.forRoot({ ...shared, key: 'boot', value: 'here', service: { name: 'boot' } }),
    PilotedModule.forRoot({ ...shared, services: ['boot'], sighup: true }),
  ];
  // A class of its own, as each application has.
  @Module({ imports })
  class Application {}
  const app = await NestFactory.create(Application, { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  await app.close();
}

serve({
  boots: async (count: number) => {
    for (let i = 0; i < count; i += 1) await boot();
  },
  belongings: async () => await belongings([process, registryPool]),
});
