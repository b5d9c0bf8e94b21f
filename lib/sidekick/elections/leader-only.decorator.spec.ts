import { jest } from '@jest/globals';
import { applyDecorators, Controller, Injectable, Scope, SetMetadata } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { MessagePattern } from '@nestjs/microservices';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { firstValueFrom, of, type Observable } from 'rxjs';
import { InvalidOptionError } from '../../common/errors/index.js';
import { getElectionToken } from './election-token.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { type RunContext } from './run-context.js';

const metadataOf = (method: object): ReadonlyMap<unknown, unknown> =>
  new Map(
    (Reflect.getMetadataKeys(method) as unknown[]).map((key) => [key, Reflect.getMetadata(key, method)]),
  );

/** The metadata of a method, without that of `@LeaderOnly`. */
function foreign(method: object): ReadonlyMap<unknown, unknown> {
  return new Map([...metadataOf(method)].filter(([key]) => key !== 'nestjs-sidekick:leader-only'));
}

describe('@LeaderOnly', () => {
  let count = 0;
  const election = { isLeader: true, term: '7' };
  let app: TestingModule | undefined;

  beforeEach(() => {
    election.isLeader = true;
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.useRealTimers();
  });

  async function get<T extends object>(
    type: new (...args: never[]) => T,
    imports: object[] = [],
  ): Promise<T> {
    app = await Test.createTestingModule({
      imports: imports as never[],
      providers: [type, { provide: getElectionToken('reports'), useValue: election }],
    }).compile();
    await app.init();
    return app.get(type);
  }

  it('runs the method where this instance leads, with this, arguments, result and error', async () => {
    class Jobs {
      private readonly factor = 2;

      @LeaderOnly('reports')
      double(value: number): number {
        return this.factor * value;
      }

      @LeaderOnly('reports')
      async fail(): Promise<void> {
        await Promise.resolve();
        throw new Error('of the job');
      }

      @LeaderOnly('reports')
      throws(): void {
        throw new Error('at once');
      }

      @LeaderOnly('reports')
      watch(): Observable<string> {
        return of('a');
      }
    }
    const jobs = await get(Jobs);
    expect(jobs.double(21)).toBe(42);
    await expect(jobs.fail()).rejects.toThrow('of the job');
    expect(() => {
      jobs.throws();
    }).toThrow('at once');
    expect(await firstValueFrom(jobs.watch())).toBe('a');
    election.isLeader = false;
    expect(jobs.double(21)).toBeUndefined();
    expect(jobs.fail()).toBeUndefined();
  });

  it('passes term and signal after the arguments, in place of a missing parameter at the earliest', async () => {
    const seen: unknown[][] = [];
    class Jobs {
      @LeaderOnly('reports')
      none(...args: unknown[]): void {
        seen.push(args);
      }

      @LeaderOnly('reports')
      three(a: unknown, b: unknown, context: unknown): void {
        seen.push([a, b, context]);
      }
    }
    const jobs = await get(Jobs);
    const context = { term: '7', signal: expect.any(AbortSignal) as AbortSignal };
    jobs.none();
    jobs.none(undefined);
    jobs.none('a');
    jobs.none('a', undefined);
    Reflect.apply(jobs.three, jobs, []);
    Reflect.apply(jobs.three, jobs, ['a']);
    expect(seen).toEqual([
      [context],
      [context],
      ['a', context],
      ['a', undefined, context],
      [context, undefined, undefined],
      ['a', undefined, context],
    ]);
  });

  it('aborts the signal of each run with that of the election', async () => {
    const term = new AbortController();
    const signals: AbortSignal[] = [];
    class Jobs {
      @LeaderOnly('reports')
      async run({ signal }: Partial<RunContext> = {}): Promise<void> {
        if (signal) signals.push(signal);
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      }
    }
    Object.assign(election, { signal: term.signal });
    const jobs = await get(Jobs);
    const runs = [jobs.run(), jobs.run()];
    expect(new Set(signals).size).toBe(2);
    term.abort(new Error('deposed'));
    expect(signals.map(({ reason }) => (reason as Error).message)).toEqual(['deposed', 'deposed']);
    await Promise.all(runs);
    Reflect.deleteProperty(election, 'signal');
  });

  describe('beside other decorators', () => {
    const Both = (): MethodDecorator => applyDecorators(Cron('0 3 * * *'), LeaderOnly('reports'));

    class Plain {
      @Cron('* * * * * *', { name: 'tick' }) cron(): void {
        count += 1;
      }
      @Interval(1_000) interval(): void {
        count += 1;
      }
      @Timeout(1_000) timeout(): void {
        count += 1;
      }
      @OnEvent('order') event(): void {
        count += 1;
      }
      @MessagePattern('order') message(): void {
        count += 1;
      }
      @SetMetadata('own', 1) own(a: string, b: string): string {
        return a + b;
      }
    }
    class Above {
      @LeaderOnly('reports') @Cron('* * * * * *', { name: 'tick' }) cron(): void {
        count += 1;
      }
      @LeaderOnly('reports') @Interval(1_000) interval(): void {
        count += 1;
      }
      @LeaderOnly('reports') @Timeout(1_000) timeout(): void {
        count += 1;
      }
      @LeaderOnly('reports') @OnEvent('order') event(): void {
        count += 1;
      }
      @LeaderOnly('reports') @MessagePattern('order') message(): void {
        count += 1;
      }
      @LeaderOnly('reports') @SetMetadata('own', 1) own(a: string, b: string): string {
        return a + b;
      }
    }
    class Below {
      @Cron('* * * * * *', { name: 'tick' }) @LeaderOnly('reports') cron(): void {
        count += 1;
      }
      @Interval(1_000) @LeaderOnly('reports') interval(): void {
        count += 1;
      }
      @Timeout(1_000) @LeaderOnly('reports') timeout(): void {
        count += 1;
      }
      @OnEvent('order') @LeaderOnly('reports') event(): void {
        count += 1;
      }
      @MessagePattern('order') @LeaderOnly('reports') message(): void {
        count += 1;
      }
      @SetMetadata('own', 1) @LeaderOnly('reports') own(a: string, b: string): string {
        return a + b;
      }
    }

    it.each(['cron', 'interval', 'timeout', 'event', 'message', 'own'] as const)(
      'keeps the metadata, name and length of %s, above and below',
      (name) => {
        const plain = Plain.prototype[name];
        for (const method of [Above.prototype[name], Below.prototype[name]]) {
          expect(foreign(method)).toEqual(metadataOf(plain));
          expect(method.name).toBe(plain.name);
          expect(method).toHaveLength(plain.length);
        }
        expect(metadataOf(plain).size).toBeGreaterThan(0);
      },
    );

    it('works in applyDecorators', () => {
      class Jobs {
        @Both() run(): void {
          count += 1;
        }
      }
      expect(metadataOf(Jobs.prototype.run).size).toBeGreaterThan(2);
    });

    it('runs scheduled jobs and event handlers of the leader only', async () => {
      const ran: string[] = [];
      @Injectable()
      class Jobs {
        @Cron('* * * * * *')
        @LeaderOnly('reports')
        cron(context: RunContext): void {
          ran.push(`cron ${context.term}`);
        }

        @LeaderOnly('reports')
        @Interval(1_000)
        interval(context: RunContext): void {
          ran.push(`interval ${context.term}`);
        }

        @OnEvent('order')
        @LeaderOnly('reports')
        event(order: string, context: RunContext): void {
          ran.push(`event ${order} ${context.term}`);
        }
      }
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      await get(Jobs, [ScheduleModule.forRoot(), EventEmitterModule.forRoot()]);
      await jest.advanceTimersByTimeAsync(1_000);
      app?.get(EventEmitter2).emit('order', 'o1');
      expect(ran.sort()).toEqual(['cron 7', 'event o1 7', 'interval 7']);
      election.isLeader = false;
      await jest.advanceTimersByTimeAsync(5_000);
      app?.get(EventEmitter2).emit('order', 'o2');
      expect(ran).toHaveLength(3);
    });
  });

  it('works in subclasses, controllers, transient and request-scoped providers', async () => {
    class Base {
      @LeaderOnly('reports')
      run(): string {
        return this.constructor.name;
      }
    }
    @Injectable()
    class Derived extends Base {}
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Base {}
    @Injectable({ scope: Scope.REQUEST })
    class Request extends Base {}
    @Controller()
    class Orders extends Base {}
    app = await Test.createTestingModule({
      controllers: [Orders],
      providers: [Derived, Transient, Request, { provide: getElectionToken('reports'), useValue: election }],
    }).compile();
    expect(app.get(Derived).run()).toBe('Derived');
    expect(app.get(Orders).run()).toBe('Orders');
    expect((await app.resolve(Transient)).run()).toBe('Transient');
    expect((await app.resolve(Request)).run()).toBe('Request');
  });

  it('fails the boot of an application without SidekickModule, and names the import', async () => {
    class Jobs {
      @LeaderOnly('elsewhere')
      run(): void {
        count += 1;
      }
    }
    const boot = Test.createTestingModule({ providers: [Jobs] }).compile();
    await expect(boot).rejects.toThrow(
      /@LeaderOnly\("elsewhere"\): import SidekickModule\.forRoot\(\) in the root module/,
    );
  });

  it('rejects a call on an instance that Nest did not make', () => {
    class Jobs {
      @LeaderOnly('reports')
      run(): void {
        count += 1;
      }
    }
    expect(() => {
      new Jobs().run();
    }).toThrow('Expected Jobs.run to be called on a provider of a booted application');
  });

  it('refuses a bad name, a static method, an accessor and an arrow function', () => {
    expect(() => LeaderOnly('')).toThrow(InvalidOptionError);
    expect(() => LeaderOnly({} as never)).toThrow('to be a string of 1 to 1024 bytes');
    expect(() => {
      class Jobs {
        readonly name = 'jobs';

        @LeaderOnly('reports')
        static run(): void {
          count += 1;
        }
      }
      return Jobs;
    }).toThrow(
      'Expected @LeaderOnly("reports") on an instance method, got the static member Jobs.run; write it as a method, `run() { … }`.',
    );
    expect(() => {
      class Jobs {
        @LeaderOnly()
        get run(): number {
          return count;
        }
      }
      return Jobs;
    }).toThrow('Expected @LeaderOnly() on an instance method, got the accessor Jobs.run;');
    expect(() => {
      class Jobs {
        @(LeaderOnly() as PropertyDecorator)
        run = (): void => undefined;
      }
      return Jobs;
    }).toThrow('got the property Jobs.run;');
  });
});
