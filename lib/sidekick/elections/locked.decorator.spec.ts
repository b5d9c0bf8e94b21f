import { Cron, Interval, ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { from, type Observable } from 'rxjs';
import { ElectionBench } from '../../../test/harness/in-memory/election-bench.js';
import { deferred, type Deferred } from '../../common/async/deferred.js';
import { Sidekick } from '../sidekick.service.js';
import { Elections } from './elections.service.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { Locked } from './locked.decorator.js';
import { type RunContext } from './run-context.js';

const OPTIONS = { lockAtMostFor: 60 };

class Jobs {
  readonly signals: AbortSignal[] = [];
  work: Deferred<string> = deferred();

  @Locked('job', OPTIONS)
  async run({ signal }: Partial<RunContext> = {}): Promise<string> {
    if (signal) this.signals.push(signal);
    return await this.work.promise;
  }

  @Locked('job', OPTIONS)
  async outer(): Promise<string> {
    return `outer of ${await this.inner('x')}`;
  }

  @Locked('job', OPTIONS)
  async inner(name: string, context?: RunContext): Promise<string> {
    await Promise.resolve();
    return `inner ${name} in ${typeof context?.term}`;
  }

  @Locked('spaced', { lockAtMostFor: 60, lockAtLeastFor: 30 })
  spaced(): string {
    return 'ran';
  }

  @Locked('failing', OPTIONS)
  fail(): string {
    throw new Error('of the job');
  }
}

describe('@Locked', () => {
  let bench: ElectionBench;

  beforeEach(() => {
    bench = new ElectionBench();
  });
  afterEach(() => bench.end());

  async function jobs(): Promise<Jobs> {
    const app = await bench.boot([Jobs]);
    await bench.clock.advance(500);
    return app.get(Jobs);
  }

  it('runs on one instance at a time, and skips on the others', async () => {
    const [first, second] = [await jobs(), await jobs()];
    const running = first.run();
    await bench.clock.advance(100);
    expect(await bench.settled(second.run() as Promise<unknown>)).toBeUndefined();
    expect(await bench.settled(first.run() as Promise<unknown>)).toBeUndefined();
    expect(second.signals).toEqual([]);
    first.work.resolve('done');
    expect(await bench.settled(running)).toBe('done');
    await bench.clock.advance(500);
    second.work.resolve('done too');
    expect(await bench.settled(second.run())).toBe('done too');
    expect(bench.warnings).toEqual([]);
  });

  it('keeps the lock for lockAtLeastFor, also when its holder has stopped', async () => {
    const first = await bench.boot([Jobs]);
    const second = await jobs();
    expect(await bench.settled(Promise.resolve(first.get(Jobs).spaced()))).toBe('ran');
    await bench.close(first);
    await bench.clock.advance(20_000);
    expect(await bench.settled(Promise.resolve(second.spaced()))).toBeUndefined();
    await bench.clock.advance(12_000);
    expect(await bench.settled(Promise.resolve(second.spaced()))).toBe('ran');
  });

  it('is free again after an error, which the caller gets as a rejection', async () => {
    const { fail } = Jobs.prototype;
    const app = await jobs();
    for (let n = 0; n < 2; n += 1) {
      const failed = Promise.resolve(fail.call(app));
      await expect(bench.settled(failed)).rejects.toThrow('of the job');
      await bench.clock.advance(500);
    }
  });

  it('aborts the signal after lockAtMostFor', async () => {
    const app = await jobs();
    const running = app.run();
    await bench.clock.advance(58_000);
    expect(app.signals[0]?.aborted).toBe(false);
    await bench.clock.advance(3_000);
    expect(app.signals[0]?.aborted).toBe(true);
    app.work.resolve('late');
    expect(await bench.settled(running)).toBe('late');
  });

  it('runs nested calls of the same lock, but not code that outlives the outer run', async () => {
    class Nested extends Jobs {
      left: Promise<unknown> | undefined;
      readonly go = deferred<void>();

      @Locked('job', OPTIONS)
      leave(): string {
        this.left = this.go.promise.then(() => this.inner('left'));
        return 'left';
      }
    }
    const app = (await bench.boot([Nested])).get(Nested);
    const other = await jobs();
    expect(await bench.settled(app.outer())).toBe('outer of inner x in string');
    await bench.clock.advance(500);
    expect(await bench.settled(Promise.resolve(app.leave()))).toBe('left');
    await bench.clock.advance(500);
    const blocking = other.run();
    await bench.clock.advance(500);
    app.go.resolve();
    expect(await bench.settled(app.left ?? Promise.resolve('none'))).toBeUndefined();
    other.work.resolve('done');
    await bench.settled(blocking);
  });

  it('holds the lock until an observable has ended', async () => {
    class Streaming {
      @Locked('job', OPTIONS)
      stream(): unknown {
        return from(['a', 'b']);
      }
    }
    const app = (await bench.boot([Streaming])).get(Streaming);
    const stream = await bench.settled(Promise.resolve(app.stream()));
    const values: unknown[] = [];
    (stream as Observable<string>).subscribe((value) => values.push(value));
    expect(values).toEqual(['a', 'b']);
  });

  it('works with @LeaderOnly on the same method: term of the nearer, signal of both', async () => {
    class Both {
      seen: Partial<RunContext> = {};

      @LeaderOnly('leader')
      @Locked('job', OPTIONS)
      async run(context: Partial<RunContext> = {}, ...others: unknown[]): Promise<number> {
        await Promise.resolve();
        this.seen = context;
        return others.length;
      }
    }
    const app = (await bench.boot([Both])).get(Both);
    await bench.clock.advance(500);
    expect(await bench.settled(app.run())).toBe(0);
    expect(app.seen).toEqual({
      term: expect.any(String) as string,
      signal: expect.any(AbortSignal) as AbortSignal,
    });
  });

  it('starts no run while the registrations are paused', async () => {
    const app = await bench.boot([Jobs]);
    await bench.settled(app.get(Sidekick).pause());
    expect(await bench.settled(Promise.resolve(app.get(Jobs).spaced()))).toBeUndefined();
    app.get(Sidekick).resume();
    await bench.clock.advance(500);
    expect(await bench.settled(Promise.resolve(app.get(Jobs).spaced()))).toBe('ran');
  });

  it('never runs with enabled: false', async () => {
    const app = await bench.boot([Jobs], { enabled: false });
    expect(await bench.settled(Promise.resolve(app.get(Jobs).spaced()))).toBeUndefined();
  });

  it('runs without a lock in a test that provides Elections', async () => {
    const app = await Test.createTestingModule({
      providers: [Jobs, { provide: Elections, useValue: {} }],
    }).compile();
    expect(await Promise.resolve(app.get(Jobs).spaced())).toBe('ran');
  });

  it('warns of two ScheduleModule.forRoot()', async () => {
    class Scheduled {
      @Cron('0 3 * * *')
      @Locked('job', OPTIONS)
      run(): string {
        return 'ran';
      }

      @Interval(3_600_000)
      other(): string {
        return 'ran';
      }
    }
    await bench.boot([Scheduled], {}, [ScheduleModule.forRoot(), ScheduleModule.forRoot()]);
    expect(bench.warnings).toEqual([expect.stringContaining('ScheduleModule.forRoot() is imported 2 times')]);
  });

  it('warns when no ScheduleModule calls a scheduled job', async () => {
    class Scheduled {
      @Cron('0 0 3 * * *')
      @Locked('job', OPTIONS)
      nightly(): string {
        return 'ran';
      }

      @LeaderOnly('jobs')
      @Interval(1_000)
      often(): string {
        return 'ran';
      }
    }
    await bench.boot([Scheduled, Jobs]);
    expect(bench.warnings).toEqual([
      'warn Nothing calls Scheduled.often, Scheduled.nightly: the methods have @Cron, @Interval or @Timeout, and no module imports ScheduleModule.forRoot() of @nestjs/schedule. Import it in the root module.',
    ]);
  });

  it.each([
    [
      {},
      /^Expected `@Locked\("job"\)\.lockAtMostFor` to be a number of seconds above 0 .*, got undefined\.$/,
    ],
    [{ lockAtMostFor: 0 }, /lockAtMostFor`/],
    [{ lockAtMostFor: Infinity }, /lockAtMostFor`/],
    [{ lockAtMostFor: 10, lockAtLeastFor: -1 }, /lockAtLeastFor`/],
    [{ lockAtMostFor: 10, lockAtLeastFor: NaN }, /lockAtLeastFor`/],
    [
      { lockAtMostFor: 10, lockAtLeastFor: 11 },
      /^Expected `@Locked\("job"\)\.lockAtLeastFor` to be at most `lockAtMostFor`, 10 s, got 11\.$/,
    ],
    [{ lockAtMostFor: 10, atMost: 1 }, /`atMost`/],
  ])('refuses the options %j', (options, message) => {
    expect(() => Locked('job', options as never)).toThrow(message);
  });
});
