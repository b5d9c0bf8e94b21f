import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { Elections } from './elections/elections.service.js';
import { LeaderOnly } from './elections/leader-only.decorator.js';
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

  it('leads, while the fake timers drive the ticks of a job', async () => {
    let ticks = 0;
    class Jobs {
      @Cron('* * * * * *')
      @LeaderOnly('ticks')
      tick(): void {
        ticks += 1;
      }
    }
    @Module({
      imports: [
        ScheduleModule.forRoot(),
        SidekickModule.forRoot({ registry: memory(), logger: silentLogger }),
      ],
      providers: [Jobs],
    })
    class AppModule {}
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const election = app.get(Elections).of('ticks');
    while (!election.isLeader) await new Promise((resolve) => setImmediate(resolve));
    await jest.advanceTimersByTimeAsync(3_000);
    expect(ticks).toBe(3);
    await app.close();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(ticks).toBe(3);
  });
});
