/**
 * `node boot-app.mjs empty|sidekick`: boots a Nest Express application, empty or with both modules of the package on
 * `memory:` with one service, and prints how many milliseconds after the start of its process it listens.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

async function modules() {
  if (process.argv[2] !== 'sidekick') return [];
  const { PilotedModule, SidekickModule } = await import('nestjs-sidekick');
  const registry = 'memory:';
  return [
    SidekickModule.forRoot({ registry, service: { name: 'web' } }),
    PilotedModule.forRoot({ registry, services: ['web'] }),
  ];
}

class AppModule {}
Module({ imports: await modules() })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(performance.now());
await app.close();
