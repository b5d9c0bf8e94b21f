import { Interval, ScheduleModule } from '@nestjs/schedule';
import { ElectionBench } from '../../../test/harness/in-memory/election-bench.js';
import { deferred, type Deferred } from '../../common/async/deferred.js';
import { FaultyRegistry } from '../../testing/faulty-registry.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { Locked } from './locked.decorator.js';
import { type RunContext } from './run-context.js';

class Jobs {
  readonly work: Deferred<void> = deferred();
  signal: AbortSignal | undefined;
  runs = 0;

  @LeaderOnly('jobs')
  async run({ signal }: Partial<RunContext> = {}): Promise<string> {
    this.runs += 1;
    this.signal = signal;
    await this.work.promise;
    return 'done';
  }

  @Locked('locked', { lockAtMostFor: 60 })
  async locked(): Promise<string> {
    await Promise.resolve();
    return 'ran';
  }
}

describe('The shutdown of an application with elections', () => {
  let bench: ElectionBench;

  beforeEach(() => {
    bench = new ElectionBench();
  });
  afterEach(() => bench.end());

  const key = (): unknown => bench.registry.store.entry({ kind: 'key', key: 'k' })?.record;

  it('deregisters, refuses runs and aborts signals at first, and releases when the jobs have ended', async () => {
    const first = await bench.boot([Jobs], { key: 'k', value: 'v', grace: 30 });
    await bench.clock.advance(500);
    const second = await bench.boot([Jobs]);
    await bench.clock.advance(500);
    const jobs = first.get(Jobs);
    const running = jobs.run();
    const closing = bench.close(first);
    await bench.clock.advance(100);
    expect(key()).toBeUndefined();
    expect(jobs.signal?.aborted).toBe(true);
    expect(jobs.run()).toBeUndefined();
    await expect(jobs.locked()).resolves.toBeUndefined();
    await bench.clock.advance(20_000);
    // The job of the first one still runs.
    expect(second.get(Jobs).run()).toBeUndefined();
    jobs.work.resolve();
    await bench.clock.advance(1_000);
    expect(second.get(Jobs).run()).toBeInstanceOf(Promise);
    second.get(Jobs).work.resolve();
    await closing;
    expect(await running).toBe('done');
    expect(bench.warnings).toEqual([]);
  });

  it('leaves leadership to expire, with one warning, when a job outlives grace', async () => {
    const first = await bench.boot([Jobs], { grace: 2 });
    await bench.clock.advance(500);
    const second = await bench.boot([Jobs]);
    void first.get(Jobs).run();
    const start = bench.clock.now();
    await bench.close(first);
    expect(bench.clock.now() - start).toBeLessThan(5_000);
    expect(bench.warnings).toEqual([
      expect.stringContaining('did not end within 2 s of the shutdown: Jobs.run.'),
    ]);
    await bench.clock.advance(3_000);
    expect(second.get(Jobs).run()).toBeUndefined();
    await bench.clock.advance(20_000);
    expect(second.get(Jobs).run()).toBeInstanceOf(Promise);
    second.get(Jobs).work.resolve();
    first.get(Jobs).work.resolve();
  });

  it('names the locked jobs that outlive grace', async () => {
    const work = deferred<string>();
    class Slow {
      @Locked('slow', { lockAtMostFor: 60 })
      async run(): Promise<string> {
        return await work.promise;
      }
    }
    const app = await bench.boot([Slow], { grace: 2 });
    await bench.clock.advance(500);
    void app.get(Slow).run();
    await bench.clock.advance(500);
    await bench.close(app);
    expect(bench.warnings).toEqual([
      'warn Locked jobs did not end within 2 s of the shutdown: Slow.run. Their locks are left to expire. Let the jobs end when their signal aborts, or raise `grace`.',
    ]);
    work.resolve('late');
  });

  it('refuses the ticks of @nestjs/schedule, which continue until a later hook', async () => {
    class Ticking {
      runs = 0;

      @Interval(5)
      @LeaderOnly('ticking')
      tick(): void {
        this.runs += 1;
      }

      async onModuleDestroy(): Promise<void> {
        const { runs } = this;
        // Longer than several ticks.
        await new Promise((resolve) => setTimeout(resolve, 50));
        this.late = this.runs - runs;
      }

      late: number | undefined;
    }
    const app = await bench.boot([Ticking], {}, [ScheduleModule.forRoot()]);
    await bench.clock.advance(500);
    const ticking = app.get(Ticking);
    while (ticking.runs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await app.close();
    expect(ticking.late).toBe(0);
  });

  it('ends within 2 s beyond grace with the registry down', async () => {
    const opened: FaultyRegistry[] = [];
    const source: RegistrySource = {
      ...bench.registry,
      identity: 'faulty',
      open: async (deps) => {
        const faulty = new FaultyRegistry(await bench.registry.open(deps), deps.clock);
        opened.push(faulty);
        return faulty;
      },
    };
    const app = await bench.boot([Jobs], { registry: source, grace: 1, key: 'k', value: 'v' });
    await bench.clock.advance(500);
    void app.get(Jobs).run();
    for (const faulty of opened) faulty.fail('hang');
    const start = bench.clock.now();
    await bench.close(app);
    expect(bench.clock.now() - start).toBeLessThanOrEqual(3_000);
    app.get(Jobs).work.resolve();
    for (const faulty of opened) faulty.heal();
  });
});
