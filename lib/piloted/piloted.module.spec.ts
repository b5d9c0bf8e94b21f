import { Injectable, Module, type DynamicModule, type OnModuleInit, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, take, toArray } from 'rxjs';
import { watchEvents } from '../containerpilot/watch-events.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { InvalidOptionError, RegistryUnavailableError } from '../common/errors/index.js';
import { DiscoveryService } from './discovery.service.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { OnServiceChange } from './on-service-change.decorator.js';
import { PilotedModule } from './piloted.module.js';
import { type PilotedModuleOptions, type PilotedOptionsFactory } from './piloted.options.js';
import { ServiceHandle } from './service-handle.js';
import { Service } from './service.decorator.js';
import { getServiceToken } from './piloted.tokens.js';
import { UnknownServiceError } from './unknown-service.error.js';
import { completeInstance } from '../registry/instance.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { registryPool } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { Announcer, eventually } from '../../test/harness/in-memory/announcer.js';
import { listing, ScriptedRegistry, webEntry } from '../../test/harness/in-memory/scripted-registry.js';

describe('PilotedModule', () => {
  let source: MemorySource;
  let web: Announcer;
  let apps: TestingModule[];
  let lines: string[];
  let stacks: string[];

  const logger = {
    log: () => undefined,
    warn: (line: string) => lines.push(line),
    error: (line: string, stack?: string) => {
      lines.push(line);
      if (stack !== undefined) stacks.push(stack);
    },
  };

  async function boot(module: DynamicModule, ...more: (Type | DynamicModule)[]): Promise<TestingModule> {
    const app = await Test.createTestingModule({ imports: [module, ...more] }).compile();
    apps.push(app);
    await app.init();
    return app;
  }

  const start = (
    options: PilotedModuleOptions = {},
    ...more: (Type | DynamicModule)[]
  ): Promise<TestingModule> => boot(PilotedModule.forRoot({ registry: source, logger, ...options }), ...more);

  async function discovery(options: PilotedModuleOptions = {}): Promise<DiscoveryService> {
    return (await start(options)).get(DiscoveryService);
  }

  function thrown(run: () => unknown): unknown {
    try {
      run();
    } catch (error) {
      return error;
    }
    throw new Error('Nothing was thrown.');
  }

  /** A registry whose answers the test sets. */
  function scripted(): { readonly source: RegistrySource; readonly registry: ScriptedRegistry } {
    const registry = new ScriptedRegistry();
    const identity = `scripted:${performance.now()}`;
    return { registry, source: { identity, url: 'scripted:', open: () => Promise.resolve(registry) } };
  }

  beforeEach(async () => {
    apps = [];
    lines = [];
    stacks = [];
    source = memory();
    web = await Announcer.on(source);
    await web.announce('a', 'b', 'c');
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await web.end();
    expect(registryPool.size).toBe(0);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  describe('DiscoveryService', () => {
    it('picks in list order from the first endpoint, and wraps around', async () => {
      const service = await discovery({ services: ['web'] });
      expect(Array.from({ length: 4 }, () => service.pick('web').id)).toEqual(['a', 'b', 'c', 'a']);
      expect(service.pick('web')).toMatchObject({ address: '10.0.0.1', port: 8_098, tags: [], weight: 1 });
    });

    it('picks the first entry first, with service() too', async () => {
      const service = await discovery({ services: ['web'] });
      expect((await service.service('web')).id).toBe('a');
      expect((await service.service('web')).id).toBe('b');
    });

    it('finds any service on demand, and waits for its first list', async () => {
      const shop = await Announcer.on(source, 'shop');
      await shop.announce('a', 'b');
      const service = await discovery();
      expect(service.names()).not.toContain('shop');
      expect((await service.service('shop')).id).toBe('a');
      expect(service.names()).toContain('shop');
      expect(service.endpoints('shop').map(({ id }) => id)).toEqual(['a', 'b']);
      await shop.end();
    });

    it('gives each of several concurrent first callers an endpoint of one load', async () => {
      const service = await discovery();
      const picked = await Promise.all(Array.from({ length: 6 }, () => service.service('web')));
      expect(picked.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    });

    it('lists the known services in the error about another', async () => {
      const service = await discovery({ services: ['web', { name: 'api' }] });
      expect(() => service.pick('wbe')).toThrow(UnknownServiceError);
      await expect(service.service('wbe')).rejects.toThrow(
        'Unknown service "wbe". Known services: web, api.',
      );
      expect(() => service.of('__proto__')).toThrow(UnknownServiceError);
    });

    it('throws an error for an empty list', async () => {
      const service = await discovery({ services: ['api'] });
      expect(thrown(() => service.pick('api'))).toMatchObject({
        code: 'SIDEKICK_NO_ENDPOINTS',
        reason: 'empty',
        service: 'api',
        statusCode: 503,
      });
      await expect(service.service('api')).rejects.toThrow(/the registry answered with an empty list/);
      await web.withdraw('a', 'b', 'c');
      await expect(service.of('api').ready({ timeout: 0.01 })).rejects.toThrow(NoEndpointsError);
    });

    it('follows instances that are added and removed', async () => {
      const service = await discovery({ services: ['web'] });
      const changes = firstValueFrom(service.changes.pipe(take(2), toArray()));
      await web.announce('d');
      await eventually(() => service.endpoints('web').length === 4);
      await web.withdraw('a');
      const [added, removed] = await changes;
      expect(added).toMatchObject({ service: 'web', revision: 2, added: [{ id: 'd' }], removed: [] });
      expect(removed).toMatchObject({ revision: 3, removed: [{ id: 'a' }] });
      expect(watchEvents(removed!)).toEqual(['changed', 'healthy']);
    });

    it('serves only endpoints with the tag', async () => {
      await web.announce({ id: 'blue', tags: ['blue'] });
      const service = await discovery({ services: [{ name: 'web', tag: 'blue' }] });
      expect(service.endpoints('web').map(({ id }) => id)).toEqual(['blue']);
    });

    it('dumps the state as plain data without secrets', async () => {
      const service = await discovery({ services: [{ name: 'web', zone: 'z1' }] });
      const dump = JSON.parse(JSON.stringify(service.dump())) as unknown;
      expect(dump).toMatchObject({
        services: [{ name: 'web', zone: 'z1', revision: 1, stale: false, endpoints: [{ id: 'a' }, {}, {}] }],
      });
    });

    it('accepts unusual names unchanged and does not change Object.prototype', async () => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      const service = await discovery();
      for (const name of ['__proto__', 'constructor', 'toString', '../etc', '%2e%2e/', 'ünï/cödé']) {
        const other = await Announcer.on(source, name);
        await other.announce('x');
        expect((await service.service(name)).service).toBe(name);
        await other.end();
      }
      for (const name of ['', 'a\0b', 'x'.repeat(10_000)])
        expect(() => service.of(name)).toThrow(InvalidOptionError);
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    });
  });

  describe('boot', () => {
    const down = (): RegistrySource => {
      const { registry, source: broken } = scripted();
      registry.answer = () => Promise.reject(new Error('connection refused'));
      return broken;
    };

    it('waits no longer than its timeout and continues without the lists, with a warning', async () => {
      const service = await discovery({ registry: down(), services: ['web'], bootTimeout: 0.05 });
      expect(lines.join('\n')).toContain(
        'Got no list of web from the registry within 0.05 s; starting without it and retrying: connection refused',
      );
      expect(thrown(() => service.pick('web'))).toMatchObject({ reason: 'never-answered' });
    });

    it('does not block forever when a load fails', async () => {
      const service = await discovery({ registry: down(), services: ['web'], bootTimeout: 0.05 });
      await expect(service.service('web')).rejects.toThrow(
        /the registry has never answered \(connection refused\)/,
      );
      await expect(service.service('web')).rejects.toThrow(NoEndpointsError);
    });

    it('fails with boot `fail`, and releases everything', async () => {
      const registry = down();
      const module = PilotedModule.forRoot({
        registry,
        logger,
        services: ['web'],
        boot: 'fail',
        bootTimeout: 0.05,
      });
      const app = await Test.createTestingModule({ imports: [module] }).compile();
      await expect(app.init()).rejects.toThrow(RegistryUnavailableError);
      expect(registryPool.size).toBe(0);
      expect(process.listenerCount('SIGHUP')).toBe(0);
    });

    it('continues at once with boot `empty`, and service() still waits for the first list', async () => {
      const { registry, source: slow } = scripted();
      let answer: (() => void) | undefined;
      registry.answer = () =>
        new Promise((resolve) => {
          answer = () => {
            resolve(listing([webEntry('late')]));
          };
        });
      const service = await discovery({ registry: slow, services: ['web'], boot: 'empty' });
      expect(() => service.pick('web')).toThrow(NoEndpointsError);
      const waiting = service.service('web');
      answer?.();
      expect((await waiting).id).toBe('late');
    });

    it('has its lists before other modules initialise', async () => {
      @Injectable()
      class Early implements OnModuleInit {
        picked: Endpoint | undefined;
        constructor(private readonly service: DiscoveryService) {}
        onModuleInit(): void {
          this.picked = this.service.pick('web');
        }
      }
      @Module({ providers: [Early] })
      class Feature {}
      const app = await start({ services: ['web'] }, Feature);
      expect(app.get(Early).picked?.id).toBe('a');
    });

    it('starts from the snapshot while the registry is down, and reports the list as stale', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sidekick-piloted-'));
      const snapshot = join(folder, 'lists.json');
      const first = await start({ services: ['web'], snapshot });
      await first.close();
      const service = await discovery({ registry: down(), services: ['web'], snapshot, bootTimeout: 0.05 });
      expect(service.pick('web').id).toBe('a');
      expect(service.of('web').stale).toBe(true);
      expect(service.of('web').age).toBeGreaterThanOrEqual(0);
      await Promise.all(apps.map((app) => app.close()));
      await rm(folder, { recursive: true });
    });

    it('warns in one line when nothing names a registry in production', async () => {
      const { NODE_ENV, SIDEKICK_REGISTRY } = process.env;
      process.env.NODE_ENV = 'production';
      process.env.SIDEKICK_REGISTRY = '';
      try {
        const module = PilotedModule.forRoot({ logger, boot: 'empty' });
        await Test.createTestingModule({ imports: [module] })
          .compile()
          .catch(() => undefined);
        process.env.SIDEKICK_REGISTRY = 'memory:';
        await Test.createTestingModule({ imports: [PilotedModule.forRoot({ logger })] }).compile();
      } finally {
        process.env.NODE_ENV = NODE_ENV;
        if (SIDEKICK_REGISTRY === undefined) delete process.env.SIDEKICK_REGISTRY;
        else process.env.SIDEKICK_REGISTRY = SIDEKICK_REGISTRY;
      }
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('Set `registry` or SIDEKICK_REGISTRY');
    });
  });

  describe('refresh and SIGHUP', () => {
    const hup = (): void => void process.emit('SIGHUP');

    it('refreshes at every SIGHUP', async () => {
      const { registry, source: counted } = scripted();
      const service = await discovery({ registry: counted, services: ['web'] });
      for (let round = 1; round <= 5; round++) {
        registry.answer = () => listing([webEntry(`round-${round}`)]);
        hup();
        await eventually(() => service.endpoints('web')[0]?.id === `round-${round}`);
      }
    });

    it('reaches several modules, and none after they are closed', async () => {
      const [one, two] = [scripted(), scripted()];
      await start({ registry: one.source, services: ['web'] });
      await start({ registry: two.source, services: ['web'] });
      expect(process.listenerCount('SIGHUP')).toBe(1);
      const before = [one.registry.lists, two.registry.lists];
      hup();
      await eventually(() => one.registry.lists > before[0]! && two.registry.lists > before[1]!);
      await apps[0]!.close();
      expect(process.listenerCount('SIGHUP')).toBe(1);
      await apps[1]!.close();
      expect(process.listenerCount('SIGHUP')).toBe(0);
    });

    it('has no listener when it is turned off', async () => {
      await start({ sighup: false });
      expect(process.listenerCount('SIGHUP')).toBe(0);
    });

    it('keeps the lists and logs a warning when a refresh fails', async () => {
      const { registry, source: failing } = scripted();
      registry.answer = () => listing([webEntry('a')]);
      const service = await discovery({ registry: failing, services: ['web'] });
      registry.answer = () => Promise.reject(new Error('refused'));
      hup();
      await eventually(() => lines.some((line) => line.startsWith('Refresh after SIGHUP failed')));
      await expect(service.refresh()).rejects.toThrow('refused');
      expect(service.pick('web').id).toBe('a');
      expect(service.of('web').stale).toBe(true);
    });

    it('service() waits for a refresh in progress, pick() does not', async () => {
      const { registry, source: slow } = scripted();
      registry.answer = () => listing([webEntry('old')]);
      const service = await discovery({ registry: slow, services: ['web'] });
      let release: () => void = () => undefined;
      registry.answer = () =>
        new Promise((resolve) => {
          release = () => {
            resolve(listing([webEntry('new')]));
          };
        });
      const lists = registry.lists;
      const refreshing = service.refresh('web');
      const waiting = service.service('web');
      await eventually(() => registry.lists > lists);
      expect(service.pick('web').id).toBe('old');
      release();
      await refreshing;
      expect((await waiting).id).toBe('new');
    });
  });

  describe('ServiceHandle', () => {
    it('is one object per service, with its whole state', async () => {
      const service = await discovery();
      const handle = service.of('web');
      expect(service.of('web')).toBe(handle);
      await expect(handle.ready({ min: 3 })).resolves.toHaveLength(3);
      expect(handle.stale).toBe(false);
      expect(handle.age).toBeLessThan(6);
      expect(handle.revision).toBe(1);
      expect(Object.isFrozen(handle.endpoints)).toBe(true);
      handle.start(handle.pick()).done(new Error('learned by balancers that learn'));
    });

    it('reports the number of endpoints when there are too few', async () => {
      const service = await discovery({ services: ['web'] });
      await expect(service.of('web').ready({ min: 4, timeout: 0.02 })).rejects.toThrow(
        'Service "web" has too few endpoints (3 of 4 after 0.02 s).',
      );
    });

    it('makes URLs whose host no path can change', async () => {
      await web.withdraw('a', 'b', 'c');
      await web.announce({ id: 'six', address: 'fd00::1', port: 80, ports: { grpc: 81 } });
      const handle = (await discovery({ services: ['web'] })).of('web');
      expect(handle.url()).toBe('http://[fd00::1]:80/');
      expect(handle.url('/a?b=c')).toBe('http://[fd00::1]:80/a?b=c');
      expect(new URL(handle.url('//evil.example/x')).hostname).toBe('[fd00::1]');
      expect(new URL(handle.url('@evil.example')).hostname).toBe('[fd00::1]');
      expect(handle.url('x', { protocol: 'https', port: 'grpc' })).toBe('https://[fd00::1]:81/x');
      expect(() => handle.url('/', { port: 'constructor' })).toThrow(/^Expected `port` to be one of grpc/);
      const given = completeInstance({
        service: 'web',
        id: 'seven',
        address: '2001:db8::7',
        port: 8080,
        ports: { grpc: 81 },
      });
      expect(handle.urlOf(given, '/invoices')).toBe('http://[2001:db8::7]:8080/invoices');
      expect(handle.urlOf(given)).toBe('http://[2001:db8::7]:8080/');
      expect(handle.urlOf(given, 'x', { protocol: 'https', port: 'grpc' })).toBe(
        'https://[2001:db8::7]:81/x',
      );
      expect(() => handle.urlOf(given, '/', { port: 'nope' })).toThrow(/^Expected `port` to be one of grpc/);
    });

    it('iterates over its lists until the application closes', async () => {
      const app = await start({ services: ['web'] });
      const handle = app.get(DiscoveryService).of('web');
      const sizes: number[] = [];
      const iterating = (async () => {
        for await (const endpoints of handle) {
          sizes.push(endpoints.length);
          if (sizes.length === 1) await web.announce('d');
          if (sizes.length === 2) void app.close();
        }
      })();
      await iterating;
      expect(sizes).toEqual([3, 4]);
      expect(handle.pick().id).toBe('a');
    });

    it('has a balancer of its own per service', async () => {
      const api = await Announcer.on(source, 'api');
      await api.announce('x', 'y');
      const service = await discovery({ services: ['web', 'api'] });
      const picked = ['web', 'api', 'web', 'api', 'web', 'api'].map((name) => service.pick(name).id);
      expect(picked).toEqual(['a', 'x', 'b', 'y', 'c', 'x']);
      await api.end();
    });

    it('picks with the configured balancer, by name or by object', async () => {
      const last = {
        list: [] as readonly Endpoint[],
        update: (list: readonly Endpoint[]) => void (last.list = list),
        pick: () => last.list.at(-1),
      };
      const service = await discovery({
        balancer: 'random',
        services: [{ name: 'web', balancer: last }, 'api'],
      });
      expect([service.pick('web').id, service.pick('web').id]).toEqual(['c', 'c']);
    });
  });

  describe('forFeature', () => {
    it('lists further services and provides their handles', async () => {
      @Injectable()
      class Billing {
        constructor(@Service('web') readonly handle: ServiceHandle) {}
      }
      @Module({ imports: [PilotedModule.forFeature([{ name: 'web', tag: 'blue' }])], providers: [Billing] })
      class Feature {}
      await web.announce({ id: 'blue', tags: ['blue'] });
      const app = await start({ services: ['api'] }, Feature);
      expect(app.get(DiscoveryService).names().toSorted()).toEqual(['api', 'web']);
      expect(app.get(Billing).handle.endpoints.map(({ id }) => id)).toEqual(['blue']);
      expect(() => PilotedModule.forFeature(['web', 'web'])).toThrow(InvalidOptionError);
    });
  });

  describe('forRootAsync', () => {
    it('accepts options from a factory, a class or a provider', async () => {
      const options = { registry: source, logger, services: ['web'] };
      @Injectable()
      class Maker implements PilotedOptionsFactory {
        createPilotedOptions(): PilotedModuleOptions {
          return options;
        }
      }
      @Module({ providers: [Maker], exports: [Maker] })
      class Settings {}
      for (const module of [
        PilotedModule.forRootAsync({
          imports: [Settings],
          inject: [Maker],
          useFactory: async (maker: Maker) => maker.createPilotedOptions(),
        }),
        PilotedModule.forRootAsync({ useClass: Maker }),
        PilotedModule.forRootAsync({ imports: [Settings], useExisting: Maker }),
      ]) {
        const app = await boot(module);
        expect(app.get(DiscoveryService).pick('web').id).toBe('a');
      }
      expect(() => PilotedModule.forRootAsync({})).toThrow(/one of `useFactory`/);
    });
  });

  describe('options', () => {
    it.each<[unknown, string]>([
      [{ boot: 'never' }, "Expected `boot` to be 'wait', 'empty' or 'fail', got \"never\"."],
      [{ bootTimeout: 0 }, 'Expected `bootTimeout` to be a number of seconds above 0, at most 86400, got 0.'],
      [{ sighup: 'no' }, 'Expected `sighup` to be true or false, got "no".'],
      [
        { services: 'web' },
        'Expected `services` to be an array of names or of objects with a `name`, got "web".',
      ],
      [
        { services: [''] },
        'Expected `services[0]` to be a string of 1 to 1024 bytes without control characters, got "".',
      ],
      [
        { services: ['web', { name: 'web' }] },
        'Expected `services[1]` to be a service that is not listed yet, got "web".',
      ],
      [
        { services: [{ name: 'web', interval: 0 }] },
        'Expected `interval` to be a number of seconds, at least 1, got 0.',
      ],
      [{ services: [{ name: 'web', tags: 'a' }] }, 'got `tags`.'],
      [
        { balancer: 'robin' },
        "Expected `balancer` to be 'round-robin', 'random', or an object with `update` and `pick`, got \"robin\".",
      ],
      [
        { allow: ['10.0.0.0/99'] },
        'Expected `allow` to be an array of CIDRs such as "10.0.0.0/8", got "10.0.0.0/99".',
      ],
      [{ snapshot: '' }, 'Expected `snapshot` to be the path of a file, got "".'],
      [{ expiryGuard: { threshold: 2 } }, 'Expected `threshold` to be a number from 0 to 1, got 2.'],
      [{ ballancer: 'random' }, 'got `ballancer`.'],
      [{ registry: 'ftp://secret@host' }, 'Expected `registry` to be'],
      [null, 'Expected `options of PilotedModule` to be an object, got null.'],
    ])('names the error in %j', async (options, sentence) => {
      const module = PilotedModule.forRootAsync({ useFactory: () => options as PilotedModuleOptions });
      const compiling = Test.createTestingModule({ imports: [module] }).compile();
      await expect(compiling).rejects.toThrow(InvalidOptionError);
      await expect(compiling).rejects.toThrow(sentence);
      await expect(compiling).rejects.not.toThrow(/secret/);
    });
  });

  describe('@OnServiceChange', () => {
    it('calls the method with each change, the first list included, also after it throws', async () => {
      const seen: ServiceChange[] = [];
      @Injectable()
      class Watcher {
        readonly prefix = 'own';
        @OnServiceChange('web')
        changed(change: ServiceChange): void {
          expect(this.prefix).toBe('own');
          seen.push(change);
        }
        @OnServiceChange('web')
        @OnServiceChange('api')
        async throwing(): Promise<void> {
          throw new Error('my own fault');
        }
      }
      @Module({ providers: [Watcher] })
      class Feature {}
      await start({}, Feature);
      await web.announce('d');
      await eventually(() => seen.length === 2);
      expect(seen.map(({ revision, endpoints }) => [revision, endpoints.length])).toEqual([
        [1, 3],
        [2, 4],
      ]);
      await eventually(() => lines.length === 3);
      expect(lines[0]).toBe('Watcher.throwing failed: my own fault');
      expect(stacks).toHaveLength(3);
      expect(stacks[0]).toMatch(/^Error: my own fault\n +at Watcher\.throwing/);
    });
  });

  describe('@Service for injection', () => {
    @Injectable()
    class Consumer {
      @Service('web') readonly property!: ServiceHandle;
      constructor(@Service('web') readonly parameter: ServiceHandle) {}
    }

    it('injects the handle in a constructor and a property, without a list of names', async () => {
      @Module({ providers: [Consumer] })
      class Feature {}
      const app = await start({}, Feature);
      const { property, parameter } = app.get(Consumer);
      expect(parameter).toBeInstanceOf(ServiceHandle);
      expect(property).toBe(parameter);
      expect(parameter.pick().id).toBe('a');
      expect(app.get(getServiceToken('web'))).toBe(parameter);
    });

    it('names class and service at boot when a class uses a service that is not listed', async () => {
      @Module({ providers: [Consumer] })
      class Feature {}
      const module = PilotedModule.forRoot({ registry: source, logger, services: ['api'] });
      const app = await Test.createTestingModule({ imports: [module, Feature] }).compile();
      await expect(app.init()).rejects.toThrow('Unknown service "web" at Consumer.');
    });

    it('ignores services that other applications of the process use', async () => {
      const service = await discovery({ services: ['api'] });
      expect(service.names()).toEqual(['api']);
    });

    it('is overridden in a test by its token', async () => {
      @Module({ providers: [Consumer] })
      class Feature {}
      const fake = { pick: () => ({ address: '127.0.0.1', port: 1 }) };
      const module = PilotedModule.forRoot({ registry: source, logger, boot: 'empty' });
      const app = await Test.createTestingModule({ imports: [module, Feature] })
        .overrideProvider(getServiceToken('web'))
        .useValue(fake)
        .compile();
      apps.push(app);
      expect(app.get(Consumer).parameter).toBe(fake);
    });

    it('rejects invalid names', () => {
      expect(() => Service('')).toThrow(InvalidOptionError);
      expect(() => OnServiceChange('a\nb')).toThrow(InvalidOptionError);
    });
  });
});
