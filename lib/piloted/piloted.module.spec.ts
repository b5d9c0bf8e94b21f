import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../common/async/deferred.js';
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
import { registryPool } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { pilotedBench } from '../../test/harness/in-memory/piloted-bench.js';
import { eventually } from '../../test/harness/in-memory/announcer.js';
import { listing, webEntry } from '../../test/harness/in-memory/scripted-registry.js';

describe('PilotedModule', () => {
  const bench = pilotedBench();
  const { apps, lines, stacks, logger, boot, start, discovery, thrown, scripted } = bench;

  describe('boot', () => {
    const down = (): RegistrySource => {
      const { registry, source: broken } = scripted();
      registry.answer = () => Promise.reject(new Error('connection refused'));
      return broken;
    };

    it('waits no longer than its timeout and continues without the lists, with a warning', async () => {
      const service = await discovery({ registry: down(), services: ['web'], bootTimeout: 0.05 });
      expect(lines.join('\n')).toContain(
        'Got no list of "web" from the registry within 0.05 s; the boot continues without it, retrying: connection refused',
      );
      expect(thrown(() => service.pick('web'))).toMatchObject({ reason: 'never-answered' });
    });

    it('does not block forever when a load fails', async () => {
      const service = await discovery({ registry: down(), services: ['web'], bootTimeout: 0.05 });
      await expect(service.service('web')).rejects.toThrow(
        /the registry has never answered \(scripted:: connection refused\)/,
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

    it('logs no retry when the application closes during the boot', async () => {
      const { registry, source } = scripted();
      const asked = deferred<void>();
      registry.answer = () => {
        asked.resolve();
        return new Promise(() => undefined);
      };
      const module = PilotedModule.forRoot({ registry: source, logger, services: ['web'], bootTimeout: 60 });
      const app = (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication();
      const booting = app.init();
      await asked.promise;
      await app.close();
      await booting;
      expect(lines.join('\n')).not.toContain('Got no list');
      expect(registryPool.size).toBe(0);
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
      expect(app.get(Early).picked?.id).toMatch(/^[abc]$/);
    });

    it('starts from the snapshot while the registry is down, and reports the list as stale', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sidekick-piloted-'));
      const snapshot = join(folder, 'lists.json');
      const first = await start({ services: ['web'], snapshot });
      await first.close();
      const service = await discovery({ registry: down(), services: ['web'], snapshot, bootTimeout: 0.05 });
      expect(service.pick('web').id).toMatch(/^[abc]$/);
      expect(service.of('web').stale).toBe(true);
      expect(service.of('web').age).toBeGreaterThanOrEqual(0);
      expect(lines.at(-1)).toMatch(
        /^Got no list of "web" from the registry within 0\.05 s; the boot continues with the list of the snapshot \("web" \d+ s old\), retrying: connection refused$/,
      );
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

  describe('forFeature', () => {
    it('lists further services and provides their handles', async () => {
      @Injectable()
      class Billing {
        constructor(@Service('web') readonly handle: ServiceHandle) {}
      }
      @Module({ imports: [PilotedModule.forFeature([{ name: 'web', tag: 'blue' }])], providers: [Billing] })
      class Feature {}
      await bench.web.announce({ id: 'blue', tags: ['blue'] });
      const app = await start({ services: ['api'] }, Feature);
      expect(app.get(DiscoveryService).names().toSorted()).toEqual(['api', 'web']);
      expect(app.get(Billing).handle.endpoints.map(({ id }) => id)).toEqual(['blue']);
      expect(() => PilotedModule.forFeature(['web', 'web'])).toThrow(InvalidOptionError);
      expect(() => PilotedModule.forFeature('web' as never)).toThrow(
        'Expected `services` to be an array of names or of objects with a `name`, got "web".',
      );
    });
  });

  describe('forRootAsync', () => {
    it('accepts options from a factory, a class or a provider', async () => {
      const options = { registry: bench.source, logger, services: ['web'] };
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
        expect(app.get(DiscoveryService).pick('web').id).toMatch(/^[abc]$/);
      }
    });

    const useFactory = (): PilotedModuleOptions => ({});
    it.each<[object, string]>([
      [{}, 'to get one of `useFactory`, `useClass` and `useExisting`, got none.'],
      [{ useFactory, useClass: PilotedModule }, '`useClass` and `useExisting`, got useFactory and useClass.'],
      [
        { registry: 'memory:', useFactory },
        'among imports, inject, useFactory, useClass, useExisting, got `registry`. The factory returns',
      ],
      [{ usefactory: useFactory }, 'got `usefactory`. Did you mean "useFactory"?'],
      [
        undefined as never,
        'Expected the options of PilotedModule.forRootAsync() to be an object, got undefined.',
      ],
    ])('refuses %j', (options, sentence) => {
      const call = (): unknown => PilotedModule.forRootAsync(options);
      expect(call).toThrow(InvalidOptionError);
      expect(call).toThrow(sentence);
    });

    it('accepts fields that are undefined', () => {
      const unused = { imports: undefined, inject: undefined, useClass: undefined, useExisting: undefined };
      expect(() => PilotedModule.forRootAsync({ ...unused, useFactory } as never)).not.toThrow();
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
        'Expected `services[0].interval` to be a number of seconds from 1 to 86400, got 0.',
      ],
      [{ services: [{ name: 'web', tags: 'a' }] }, 'got `tags`.'],
      [
        { services: [{ name: 'web', subset: 0 }] },
        'Expected `services[0].subset` to be an integer of at least 1, got 0.',
      ],
      [
        { services: [{ name: 'web', slowStart: -1 }] },
        'Expected `services[0].slowStart` to be a number of seconds',
      ],
      [
        { services: ['api', { name: 'web', zone: '' }] },
        'Expected `services[1].zone` to be a non-empty string',
      ],
      [
        { services: [{ name: 'web', retry: { budget: 1.5 } }] },
        'Expected `services[0].retry.budget` to be a number from 0 to 1, got 1.5.',
      ],
      [{ services: [{ name: 'web', retry: { attemps: 2 } }] }, 'fields among attempts, budget, '],
      [{ services: [{ name: 'web', retry: { on: ['connect', 200] } }] }, 'HTTP statuses from 400 to 599'],
      [
        { services: [{ name: 'web', outlierDetection: { consecutiveFailures: 0 } }] },
        'Expected `services[0].outlierDetection.consecutiveFailures` to be an integer from 1 to',
      ],
      [
        { services: [{ name: 'web', outlierDetection: { successRate: { stdevFactor: '1' } } }] },
        'Expected `services[0].outlierDetection.successRate.stdevFactor` to be a number from 0 to 100, got "1".',
      ],
      [
        { services: [{ name: 'web', fallback: ['10.0.0.1'] }] },
        'Expected `services[0].fallback` to be an array of `host:port`',
      ],
      [{ services: [{ name: 'web', registry: [] }] }, 'a registry or a non-empty array of registries'],
      [
        { services: [{ name: 'web', registry: ['memory:', 'ftp://secret@host'] }] },
        'Expected `registry` to be',
      ],
      [{ balancer: 'robin' }, '\'pick-first\', or an object with `update` and `pick`, got "robin".'],
      [
        { allow: ['10.0.0.0/99'] },
        'Expected `allow` to be an array of CIDRs such as "10.0.0.0/8", got "10.0.0.0/99".',
      ],
      [{ snapshot: '' }, 'Expected `snapshot` to be the path of a file, got "".'],
      [{ snapshot: null }, 'Expected `snapshot` to be the path of a file, got null.'],
      [
        { expiryGuard: { threshold: 2 } },
        'Expected `expiryGuard.threshold` to be a number from 0 to 1, got 2.',
      ],
      [{ ballancer: 'random' }, 'got `ballancer`. Did you mean "balancer"?'],
      [{ registry: 'ftp://secret@host' }, 'Expected `registry` to be'],
      [null, 'Expected the options of PilotedModule to be an object, got null.'],
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
      await bench.web.announce('d');
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
});
