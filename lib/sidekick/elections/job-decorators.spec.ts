import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { InvalidOptionError } from '../../common/errors/index.js';
import { getElectionToken } from './election-token.js';
import { Elections } from './elections.service.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { Locked } from './locked.decorator.js';
import { OnDeposed } from './on-deposed.decorator.js';
import { OnElected } from './on-elected.decorator.js';

describe('the decorators of jobs', () => {
  let app: TestingModule | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.useRealTimers();
  });

  it('passes the exceptions of a scheduled job to the logger of Nest, as without it', async () => {
    class Jobs {
      @Cron('* * * * * *')
      @LeaderOnly('reports')
      async leader(): Promise<void> {
        await Promise.resolve();
        throw new Error('of the leader');
      }

      @Locked('reports', { lockAtMostFor: 60 })
      @Cron('* * * * * *')
      locked(): void {
        throw new Error('of the lock');
      }

      @Cron('* * * * * *')
      bare(): void {
        throw new Error('of the bare one');
      }
    }
    const errors: unknown[] = [];
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (error) => errors.push(error),
    });
    try {
      app = await Test.createTestingModule({
        imports: [ScheduleModule.forRoot()],
        providers: [
          Jobs,
          { provide: getElectionToken('reports'), useValue: { isLeader: true } },
          { provide: Elections, useValue: {} },
        ],
      }).compile();
      // The module of a test has a logger of its own.
      Logger.overrideLogger({
        log: () => undefined,
        warn: () => undefined,
        error: (error) => errors.push(error),
      });
      await app.init();
      await jest.advanceTimersByTimeAsync(1_000);
    } finally {
      Logger.overrideLogger(false);
    }
    expect(errors.map((error) => (error as Error).message).sort()).toEqual([
      'of the bare one',
      'of the leader',
      'of the lock',
    ]);
  });

  it.each([
    ['LeaderOnly', LeaderOnly, '@LeaderOnly()'],
    ['OnElected', OnElected, '@OnElected()'],
    ['OnDeposed', OnDeposed, '@OnDeposed()'],
    ['Locked', Locked, "@Locked('name', { lockAtMostFor: 60 })"],
  ])('refuses @%s without parentheses', (name, decorator, call) => {
    expect(() => {
      class Jobs {
        @(decorator as unknown as MethodDecorator)
        run(): void {
          throw new Error('Never called.');
        }
      }
      return Jobs;
    }).toThrow(
      new InvalidOptionError(
        `Expected @${name} with parentheses, got it without on a method of Jobs. Write ${call}.`,
      ),
    );
  });
});
