import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLogger } from '../common/logger.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedModule } from './piloted.module.js';
import { memory } from '../registries/memory/memory.js';

describe('PilotedModule under fake timers', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('boots, lists a service and closes', async () => {
    const options = { registry: memory(), logger: silentLogger, services: ['web'] };
    @Module({ imports: [PilotedModule.forRoot(options)] })
    class AppModule {}
    jest.useFakeTimers();
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    expect(app.get(DiscoveryService).endpoints('web')).toEqual([]);
    await app.close();
  });
});
