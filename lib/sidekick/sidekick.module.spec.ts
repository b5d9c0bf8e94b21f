import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { type AddressInfo, type Server } from 'node:net';
import { systemClock } from '../common/clock.js';
import { RegistryUnavailableError } from '../common/errors/index.js';
import { silentLogger } from '../common/logger.js';
import { type InstanceRecord, type KeyRecord } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { Heartbeat } from './heartbeat.decorator.js';
import { IntervalTooSmallError } from './interval-too-small.error.js';
import { SidekickModule } from './sidekick.module.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import { SIDEKICK_WAIT_CLOCK } from './sidekick.tokens.js';
import { until } from '../../test/harness/wait.js';

const quiet = { logger: silentLogger };

describe('SidekickModule', () => {
  let registry: MemorySource;
  let app: INestApplication | undefined;

  beforeEach(() => {
    registry = memory();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    expect(registry.store.sessions).toBe(0);
  });

  async function boot(options: SidekickModuleOptions, ...imports: never[]): Promise<INestApplication> {
    @Module({ imports: [SidekickModule.forRoot({ registry, ...quiet, ...options }), ...imports] })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    return app;
  }

  const unreachable = (opened: FaultyRegistry[] = []): RegistrySource => ({
    ...registry,
    identity: 'down',
    open: async (deps) => {
      const faulty = new FaultyRegistry(await registry.open(deps), systemClock);
      faulty.fail('down');
      opened.push(faulty);
      return faulty;
    },
  });

  const value = (key: string): string | undefined =>
    (registry.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;

  const instances = (): InstanceRecord['instance'][] =>
    registry.store
      .list({ kind: 'service', service: 'web' })
      .entries.map(({ record }) => (record as InstanceRecord).instance);

  it('registers the key from the boot to the end of close()', async () => {
    const running = await boot({ key: '/servers/web/1', value: 'running' });
    await running.init();
    expect(value('/servers/web/1')).toBe('running');
    await running.close();
    expect(value('/servers/web/1')).toBeUndefined();
  });

  it('waits for an unreachable registry once, not once per key', async () => {
    class Jobs {
      @Heartbeat('one')
      one(): string {
        return '1';
      }

      @Heartbeat('two')
      two(): string {
        return '2';
      }
    }
    const opened: FaultyRegistry[] = [];
    @Module({
      imports: [
        SidekickModule.forRoot({ registry: unreachable(opened), ...quiet, key: 'k', failFast: false }),
      ],
      providers: [Jobs],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    expect(opened.map((faulty) => faulty.count('open'))).toEqual([1]);
    expect(app.get(Sidekick).beats.map(({ key }) => key)).toEqual(['k', 'one', 'two']);
  });

  it('says which option lets the application boot without the registry', async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
    @Module({ imports: [SidekickModule.forRoot({ registry: unreachable(), logger, key: 'k' })] })
    class AppModule {}
    const booting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(booting).rejects.toThrow(RegistryUnavailableError);
    expect(errors).toEqual([expect.stringContaining('With `failFast: false` the application boots')]);
  });

  it('computes the value with a function', async () => {
    await (await boot({ key: 'k', value: async () => Promise.resolve('computed') })).init();
    expect(value('k')).toBe('computed');
  });

  it('is injectable, changes the value at once, and does nothing after stop()', async () => {
    const running = await boot({ key: 'k', value: 'a' });
    await running.init();
    const sidekick = running.get(Sidekick);
    const types: string[] = [];
    sidekick.events.subscribe(({ type }) => types.push(type));
    await sidekick.value('b');
    expect(value('k')).toBe('b');
    await sidekick.stop();
    expect(value('k')).toBeUndefined();
    await sidekick.value('c');
    await sidekick.ttl(20);
    sidekick.updateInterval(20);
    await sidekick.pause();
    sidekick.resume();
    await sidekick.keep('other');
    await sidekick.stop();
    expect(value('k')).toBeUndefined();
    expect(value('other')).toBeUndefined();
    expect(types).toEqual(['stopped']);
  });

  it.each([false, true])(
    'deregisters first and still serves requests during drain: return503OnClosing %s',
    async (return503OnClosing) => {
      @Controller()
      class HelloController {
        @Get()
        hello(): string {
          return 'hello';
        }
      }
      @Module({
        imports: [SidekickModule.forRoot({ registry, ...quiet, service: { name: 'web' }, drain: 0.5 })],
        controllers: [HelloController],
      })
      class AppModule {}
      // The drain lasts until this clock is advanced, so that a slow machine does not miss it.
      const clock = new VirtualClock();
      const module = Test.createTestingModule({ imports: [AppModule] })
        .overrideProvider(SIDEKICK_WAIT_CLOCK)
        .useValue(clock);
      app = (await module.compile()).createNestApplication({ logger: false, return503OnClosing });
      await app.listen(0, '127.0.0.1');
      await until('1 instances', () => instances().length === 1);
      const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
      const running = app;
      // A second close would drain again.
      app = undefined;
      const closing = running.close();
      await until('0 instances', () => instances().length === 0);
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      expect(await response.text()).toBe('hello');
      await until('the drain', () => clock.pending > 0);
      await clock.advance(500);
      await closing;
      expect(Object.keys(running.getHttpAdapter())).not.toContain('beforeClose');
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    },
  );

  it('registers the value that a method with @Heartbeat returns', async () => {
    @Injectable()
    class Queue {
      private depth = 41;
      @Heartbeat('/queues/depth', { ttl: 5, updateInterval: 1 })
      report(): string {
        this.depth += 1;
        return String(this.depth);
      }
    }
    @Module({ imports: [SidekickModule.forRoot({ registry, ...quiet })], providers: [Queue] })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    expect(value('/queues/depth')).toBe('42');
    // A busy machine may look after a further report.
    await until('the next value', () => Number(value('/queues/depth')) >= 43);
  });

  it('logs the stack of an error of a method with @Heartbeat', async () => {
    @Injectable()
    class Queue {
      private reports = 0;
      @Heartbeat('/queues/depth', { updateInterval: 1 })
      report(): string {
        this.reports += 1;
        if (this.reports === 2) throw new Error('queue closed');
        return 'open';
      }
    }
    const errors: [string, string?][] = [];
    const logger = { ...silentLogger, error: (...line: [string, string?]) => void errors.push(line) };
    @Module({ imports: [SidekickModule.forRoot({ registry, logger })], providers: [Queue] })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    await until('the error', () => errors.length === 1);
    expect(errors[0]?.[0]).toMatch(/"\/queues\/depth" failed.*: queue closed$/);
    expect(errors[0]?.[1]).toMatch(/^Error: queue closed\n +at Queue\.report/);
    expect(value('/queues/depth')).toBe('open');
  });

  it("registers the ticks of computed values by name in the application's SchedulerRegistry", async () => {
    const value = (): string => 'v';
    @Module({
      imports: [ScheduleModule.forRoot(), SidekickModule.forRoot({ registry, ...quiet, key: 'k', value })],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    const scheduler = app.get(SchedulerRegistry);
    expect(scheduler.getIntervals()).toEqual(['sidekick:k']);
    const more = await app.get(Sidekick).keep('more', 'constant');
    expect(scheduler.getIntervals()).toEqual(['sidekick:k']);
    await more.value(value);
    expect(scheduler.getIntervals()).toEqual(['sidekick:k', 'sidekick:more']);
    await app.close();
    expect(scheduler.getIntervals()).toEqual([]);
  });

  it('registers more keys and instances at run time', async () => {
    const running = await boot({});
    await running.init();
    const sidekick = running.get(Sidekick);
    const registered = await sidekick.keep('k', 'v');
    const announced = await sidekick.announce({ name: 'web', id: 'one', address: '10.0.0.1', port: 80 });
    expect(value('k')).toBe('v');
    expect(instances()).toMatchObject([{ id: 'one', address: '10.0.0.1', port: 80 }]);
    expect(sidekick.beats.map(({ key, state }) => [key, state])).toEqual([
      ['k', 'alive'],
      ['web/one', 'alive'],
    ]);
    await announced.update({ meta: { a: 'b' } });
    expect(instances()).toMatchObject([{ meta: { a: 'b' } }]);
    await registered.value('w');
    expect(value('k')).toBe('w');
    await registered.stop();
    await announced.stop();
    expect(value('k')).toBeUndefined();
    expect(instances()).toEqual([]);
  });

  it('deregisters all entries for maintenance and registers them again', async () => {
    const running = await boot({ key: 'k', value: 'v' });
    await running.init();
    const sidekick = running.get(Sidekick);
    await sidekick.pause();
    expect(value('k')).toBeUndefined();
    sidekick.resume();
    await until('the key', () => value('k') === 'v');
  });

  it.each<[string, SidekickModuleOptions, RegExp]>([
    [
      'a TTL of 1 (sidekick B5: any was taken)',
      { ttl: 1 },
      /Expected `ttl` to be an integer of seconds from 2 to 2000000, got 1\./,
    ],
    ['a broken TTL', { ttl: 2.5 }, /`ttl`.*got 2\.5/],
    ['a TTL beyond what a timer can wait', { ttl: 2_000_001 }, /`ttl`.*to 2000000, got 2000001/],
    [
      'an update interval beyond what a timer can wait',
      { key: 'k', updateInterval: 2_147_484 },
      /`updateInterval`.*from 1 to 2000000, got 2147484/,
    ],
    ['no update interval at all', { key: 'k', updateInterval: Infinity }, /`updateInterval`.*got Infinity/],
    ['an empty key', { key: '' }, /Expected `key`/],
    ['a value without a key', { value: 'x' }, /Expected `key`/],
    ['an unknown option', { tll: 3 } as never, /got `tll`\. Did you mean "ttl"\?/],
    [
      'a service that is no object',
      { service: 'web' as never },
      /^Expected `service` to be an object, got "web"\.$/,
    ],
    ['a registry that is no URL', { registry: 42 as never }, /`registry` to be a URL or .*, got 42\./],
    [
      'a logger without methods',
      { logger: 'x' as never },
      /`logger` to be an object with the methods `log`, .*, got "x"\./,
    ],
    ['a bad port', { service: { name: 'web', port: 70_000 } }, /`service\.port`.*1 to 65535.*70000/],
    ['a bad address', { service: { name: 'web', address: 'a b' } }, /`service\.address`/],
    ['an unknown service option', { service: { name: 'web', prot: 1 } as never }, /got `prot`/],
    ['a bad interface', { service: { name: 'web', interfaces: ['a b'] } }, /`service\.interfaces`/],
    ['a bad weight', { service: { name: 'web', weight: -1 } }, /`service\.weight`/],
    [
      'meta with a value that is no string',
      { service: { name: 'web', meta: { a: 1 } as never } },
      /`service\.meta`/,
    ],
    ['a negative drain', { drain: -1 }, /`drain`/],
    ['a value over 64 KiB', { key: 'k', value: 'x'.repeat(65_537) }, /65536 bytes/],
  ])('fails the boot with one sentence for %s', async (_name, options, sentence) => {
    @Module({ imports: [SidekickModule.forRoot({ registry, ...quiet, ...options })] })
    class AppModule {}
    const booting = (async () => {
      const built = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
      await built.init();
    })();
    await expect(booting).rejects.toThrow(sentence);
    expect(registry.store.sessions).toBe(0);
  });

  it('rejects an update interval under a second', async () => {
    const running = await boot({ key: 'k' });
    await running.init();
    const sidekick = running.get(Sidekick);
    expect(() => {
      sidekick.updateInterval(0);
    }).toThrow(IntervalTooSmallError);
    expect(() => {
      sidekick.updateInterval(0);
    }).toThrow('`updateInterval` to be a number of seconds from 1 to 2000000, got 0.');
    expect(() => {
      sidekick.updateInterval(Infinity);
    }).toThrow(/`updateInterval`.*from 1 to 2000000, got Infinity/);
    expect(() => sidekick.ttl(1)).toThrow(/from 2 to 2000000, got 1/);
    await expect(sidekick.keep('x', 'y', { updateInterval: 0.5 })).rejects.toThrow(
      'interval must be at least 1 second',
    );
  });

  it('is configured by a factory, a class and a provider', async () => {
    @Injectable()
    class Settings {
      createSidekickOptions(): SidekickModuleOptions {
        return { registry, ...quiet, key: 'k', value: 'made' };
      }
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    for (const options of [
      {
        inject: [Settings],
        imports: [SettingsModule],
        useFactory: (made: Settings) => made.createSidekickOptions(),
      },
      { useClass: Settings },
      { imports: [SettingsModule], useExisting: Settings },
    ]) {
      @Module({ imports: [SidekickModule.forRootAsync(options)] })
      class AppModule {}
      app = await NestFactory.create(AppModule, { logger: false });
      await app.init();
      expect(value('k')).toBe('made');
      await app.close();
      expect(value('k')).toBeUndefined();
    }
  });
});
