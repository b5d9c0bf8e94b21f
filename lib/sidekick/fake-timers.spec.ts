import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { SidekickModule } from './sidekick.module.js';

describe('SidekickModule under fake timers', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('boots, registers its key and closes', async () => {
    const registry = memory();
    @Module({ imports: [SidekickModule.forRoot({ registry, logger: silentLogger, key: 'k', value: 'v' })] })
    class AppModule {}
    jest.useFakeTimers();
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    expect(registry.store.entry({ kind: 'key', key: 'k' })?.record).toMatchObject({ value: 'v' });
    await app.close();
    expect(registry.store.entry({ kind: 'key', key: 'k' })).toBeUndefined();
  });
});
