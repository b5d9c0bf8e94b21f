import { type INestApplication, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { systemClock } from '../common/clock.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { FaultyRegistry, type RequestKind } from '../testing/faulty-registry.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { until } from '../../test/harness/wait.js';
import { LeaderOnly } from './elections/leader-only.decorator.js';
import { Sidekick } from './sidekick.service.js';

describe('The end during the boot', () => {
  const bench = new Bench();
  let opened: FaultyRegistry | undefined;

  beforeEach(() => {
    opened = undefined;
    bench.lines.length = 0;
  });
  afterEach(() => bench.close());

  /** A registry that does not answer requests of this kind. */
  const silent = (kind: RequestKind): RegistrySource => ({
    ...bench.registry,
    identity: `silent ${kind}`,
    open: async (deps) => {
      opened = new FaultyRegistry(await bench.registry.open(deps), systemClock);
      opened.fail('hang', kind);
      return opened;
    },
  });

  async function application(registry: RegistrySource, failFast: boolean): Promise<INestApplication> {
    const options = { registry, service: { name: 'web' }, failFast };
    const compiled = await Test.createTestingModule({ imports: [bench.appModule(options)] }).compile();
    return compiled.createNestApplication({ logger: false });
  }

  it('logs no retry without failFast, since nothing is retried', async () => {
    const app = await application(silent('open'), false);
    const booting = app.init();
    await until('the session to be opened', () => opened?.count('open') === 1);
    await app.close();
    await booting;
    expect(bench.lines.join('\n')).not.toContain('Retrying.');
  });

  it('is no error of app.init() while the session is opened', async () => {
    const app = await application(silent('open'), true);
    const booting = app.init();
    await until('the session to be opened', () => opened?.count('open') === 1);
    await app.close();
    await expect(booting).resolves.toBe(app);
  });

  it('is no error of app.listen() while the first write is under way', async () => {
    const app = await application(silent('write'), true);
    const listening = app.listen(0, '127.0.0.1');
    await until('the first write', () => opened?.count('write') === 1);
    await Promise.all([app.close(), expect(listening).resolves.toBeDefined()]);
    expect(bench.instances()).toEqual([]);
    expect(bench.warnings()).toEqual([]);
  });

  it('begins nothing when another module has closed the application or stopped Sidekick before', async () => {
    const ends: ((app: INestApplication) => Promise<void>)[] = [
      (app) => app.close(),
      (app) => app.get(Sidekick).stop(),
    ];
    for (const end of ends) {
      const apps: INestApplication[] = [];
      @Injectable()
      class Jobs implements OnModuleInit {
        async onModuleInit(): Promise<void> {
          await Promise.all(apps.map(end));
        }

        @LeaderOnly('jobs')
        run(): void {
          return;
        }
      }
      @Module({ imports: [bench.appModule({ service: { name: 'web' } })], providers: [Jobs] })
      class WebModule {}
      const compiled = await Test.createTestingModule({ imports: [WebModule] }).compile();
      const app = compiled.createNestApplication({ logger: false });
      apps.push(app);
      await app.listen(0, '127.0.0.1');
      expect(bench.instances()).toEqual([]);
      await app.close();
    }
    expect(bench.warnings()).toEqual([]);
  });
});
