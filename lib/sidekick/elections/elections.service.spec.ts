import { Inject, Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { ElectionBench } from '../../../test/harness/in-memory/election-bench.js';
import { InvalidOptionError, RegistryRefusedError } from '../../common/errors/index.js';
import { type Election } from '../../election/election.js';
import { Sidekick } from '../sidekick.service.js';
import { getElectionToken } from './election-token.js';
import { Elections } from './elections.service.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { OnDeposed } from './on-deposed.decorator.js';
import { OnElected } from './on-elected.decorator.js';
import { type RunContext } from './run-context.js';

@Injectable()
class Jobs {
  readonly seen: string[] = [];

  @LeaderOnly('jobs')
  run({ term }: Partial<RunContext> = {}): string {
    return `ran in term ${String(term)}`;
  }

  @OnElected('jobs')
  elected({ term }: Partial<RunContext> = {}): void {
    this.seen.push(`elected ${String(term)}`);
  }

  @OnDeposed('jobs')
  deposed(): void {
    this.seen.push('deposed');
  }
}

const RAN: unknown = expect.stringMatching(/^ran in term \d+$/);

describe('Elections in an application', () => {
  let bench: ElectionBench;

  beforeEach(() => {
    bench = new ElectionBench();
  });
  afterEach(() => bench.end());

  it('lead on one instance, and on the next one when it closes', async () => {
    const first = await bench.boot([Jobs]);
    await bench.clock.advance(1_000);
    const second = await bench.boot([Jobs]);
    await bench.clock.advance(1_000);
    const { run, seen } = { run: () => first.get(Jobs).run(), seen: first.get(Jobs).seen };
    expect(run()).toEqual(RAN);
    expect(second.get(Jobs).run()).toBeUndefined();
    expect(seen).toEqual([expect.stringMatching(/^elected \d+$/)]);
    await bench.close(first);
    expect(run()).toBeUndefined();
    expect(seen.at(-1)).toBe('deposed');
    await bench.clock.advance(200);
    expect(second.get(Jobs).run()).toEqual(RAN);
  });

  it('log each change of leadership once', async () => {
    const app = await bench.boot([Jobs]);
    await bench.clock.advance(60_000);
    await bench.close(app);
    const changes = bench.lines.filter((line) => line.includes('"jobs"'));
    expect(changes).toEqual([
      expect.stringMatching(/^log .*leads.*"jobs"/),
      expect.stringMatching(/^log .*no longer leads "jobs"/),
    ]);
    expect(bench.warnings).toEqual([]);
  });

  it('are paused with the registrations, and resumed', async () => {
    const app = await bench.boot([Jobs]);
    await bench.clock.advance(1_000);
    await bench.settled(app.get(Sidekick).pause());
    expect(app.get(Jobs).run()).toBeUndefined();
    await bench.clock.advance(30_000);
    expect(app.get(Jobs).run()).toBeUndefined();
    app.get(Sidekick).resume();
    await bench.clock.advance(1_000);
    expect(app.get(Jobs).run()).toEqual(RAN);
  });

  it('keep leadership when a listener or a job throws, and log the error of the listener', async () => {
    class Failing {
      @OnElected('jobs')
      async elected(): Promise<void> {
        await Promise.resolve();
        throw new Error('of the listener');
      }

      @LeaderOnly('jobs')
      run(): void {
        throw new Error('of the job');
      }
    }
    const app = await bench.boot([Failing]);
    await bench.clock.advance(1_000);
    expect(bench.lines).toContain('error Failing.elected failed: of the listener');
    for (let n = 0; n < 2; n += 1)
      expect(() => {
        app.get(Failing).run();
      }).toThrow('of the job');
  });

  it('are given to the objects of factories and values', async () => {
    const frozen = Object.freeze(new Jobs());
    const made = new Jobs();
    const app = await bench.boot([
      { provide: 'made', useFactory: () => made },
      { provide: 'frozen', useValue: frozen },
    ]);
    await bench.clock.advance(1_000);
    expect(app.get<Jobs>('made').run()).toEqual(RAN);
    expect(app.get<Jobs>('frozen').run()).toEqual(RAN);
  });

  it('are injected by name, campaign by hand and are listed by dump()', async () => {
    @Injectable()
    class Shards {
      constructor(
        readonly elections: Elections,
        @Inject(getElectionToken('shards')) readonly election: Election,
      ) {}
    }
    const app = await bench.boot([Shards]);
    const { elections, election } = app.get(Shards);
    expect(elections.dump()).toEqual([]);
    const changes: string[] = [];
    election.changes.subscribe(({ type }) => changes.push(type));
    election.campaign({ meta: { host: 'a' } });
    await bench.clock.advance(1_000);
    expect(elections.of('shards').isLeader).toBe(true);
    expect(elections.of('shards')).toBe(elections.of('shards'));
    expect(elections.dump()).toMatchObject([{ name: 'shards', state: 'leader', isLeader: true }]);
    expect(changes).toContain('elected');
    expect(bench.lines.filter((line) => line.includes('nothing to register'))).toEqual([]);
    await bench.settled(election.resign());
    expect(election.isLeader).toBe(false);
  });

  it('are given to classes of a module that is loaded later', async () => {
    const app = await bench.boot([Jobs]);
    class Late {
      @LeaderOnly('late')
      run(): string {
        return 'ran late';
      }
    }
    @Module({ providers: [Late] })
    class LateModule {}
    const module = await app.get(LazyModuleLoader).load(() => LateModule);
    const late = module.get(Late);
    expect(late.run()).toBeUndefined();
    await bench.clock.advance(1_000);
    expect(late.run()).toBe('ran late');
  });

  describe('without a name', () => {
    class Nameless {
      @LeaderOnly()
      run(): string {
        return 'ran';
      }
    }

    it('take that of the service', async () => {
      const app = await bench.boot([Nameless], { service: { name: 'web', address: '10.0.0.1', port: 80 } });
      await bench.clock.advance(1_000);
      expect(app.get(Nameless).run()).toBe('ran');
      expect(app.get(Elections).dump()).toMatchObject([{ name: 'web' }]);
    });

    it('fail the boot where there is no service, with the fix', async () => {
      const app = await bench.compile([Nameless]);
      const error: unknown = await bench.settled(app.init()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect((error as Error).message).toBe(
        "Expected one registered service whose name an election without a name takes, got none. Name the election, as in @LeaderOnly('reports'), or set `service` of SidekickModule.",
      );
    });
  });

  it.each([
    ['fixed:web', 'fixed:web=10.0.0.1:80'],
    ['dns:example.org', 'dns:example.org'],
  ])('fail the boot on %s', async (shown, registry) => {
    const app = await bench.compile([Jobs], { registry });
    const error: unknown = await bench.settled(app.init()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect((error as Error).message).toContain(shown);
  });

  it('never lead with enabled: false', async () => {
    const app = await bench.boot([Jobs], { registry: 'etcd://127.0.0.1:1', enabled: false });
    await bench.clock.advance(10_000);
    expect(app.get(Jobs).run()).toBeUndefined();
    expect(app.get(Elections).of('other').isLeader).toBe(false);
    expect(bench.lines).toEqual([
      'log SidekickModule has `enabled: false`: this process never leads, and does not run Jobs.run.',
    ]);
  });

  it('refuse @OnElected on a provider that is no singleton', async () => {
    const app = await bench.compile([{ provide: 'jobs', useClass: Jobs, scope: 1 }, Using]);
    const error: unknown = await bench.settled(app.init()).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(
      /^Expected Jobs\.elected with @OnElected to be a method of a singleton/,
    );
  });
});

@Injectable()
class Using {
  constructor(@Inject('jobs') readonly jobs: Jobs) {}
}
