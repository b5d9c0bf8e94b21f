import { inTurn } from '../../test/harness/in-memory/endpoints.js';
import { Injectable, Module, type Type } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { type Endpoint } from '../discovery/endpoint.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { DiscoveryService } from './discovery.service.js';
import { OnServiceChange } from './on-service-change.decorator.js';
import { PilotedModule } from './piloted.module.js';
import { ServiceHandle } from './service-handle.js';
import { Service } from './service.decorator.js';
import { getServiceToken } from './piloted.tokens.js';
import { completeInstance } from '../registry/instance.js';
import { pilotedBench } from '../../test/harness/in-memory/piloted-bench.js';
import { Announcer } from '../../test/harness/in-memory/announcer.js';

describe('ServiceHandle in an application', () => {
  const bench = pilotedBench();
  const { apps, logger, start, discovery } = bench;

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

    it.each([
      ['imported before', 'early-lazy', true],
      ['loaded later', 'late-lazy', false],
    ])(
      'is given to a class of a lazy module that is %s, unless it is unknown',
      async (_what, name, isEarly) => {
        const define = (): Type<{ handle: ServiceHandle }> => {
          @Injectable()
          class Lazy {
            constructor(@Service(name) readonly handle: ServiceHandle) {}
          }
          return Lazy;
        };
        const early = isEarly && define();
        const announcer = await Announcer.on(bench.source, name);
        await announcer.announce('a');
        const [open, listed] = [await start(), await start({ services: ['web'] })];
        expect(open.get(DiscoveryService).names()).not.toContain(name);
        const Late = early || define();
        @Module({ providers: [Late] })
        class LateModule {}
        const module = await open.get(LazyModuleLoader).load(() => LateModule);
        expect(await module.get(Late).handle.ready()).toMatchObject([{ id: 'a' }]);
        await expect(listed.get(LazyModuleLoader).load(() => LateModule)).rejects.toThrow(
          `Unknown service "${name}"`,
        );
        await announcer.end();
      },
    );

    it('reports the number of endpoints when there are too few', async () => {
      const service = await discovery({ services: ['web'] });
      await expect(service.of('web').ready({ min: 4, timeout: 0.02 })).rejects.toThrow(
        'Service "web" has too few endpoints (3 of 4 after 0.02 s).',
      );
    });

    it('makes URLs whose host no path can change', async () => {
      await bench.web.withdraw('a', 'b', 'c');
      await bench.web.announce({ id: 'six', address: 'fd00::1', port: 80, ports: { grpc: 81 } });
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
          if (sizes.length === 1) await bench.web.announce('d');
          if (sizes.length === 2) void app.close();
        }
      })();
      await iterating;
      expect(sizes).toEqual([3, 4]);
      expect(handle.endpoints).toContain(handle.pick());
    });

    it('has a balancer of its own per service', async () => {
      const api = await Announcer.on(bench.source, 'api');
      await api.announce('x', 'y');
      const service = await discovery({ services: ['web', 'api'] });
      const picked = ['web', 'api', 'web', 'api', 'web', 'api'].map((name) => service.pick(name).id);
      expect(picked.filter((_, call) => call % 2 === 0)).toEqual(inTurn(['a', 'b', 'c'], picked[0], 3));
      expect(picked.filter((_, call) => call % 2 === 1)).toEqual(inTurn(['x', 'y'], picked[1], 3));
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
      expect(parameter.endpoints).toContain(parameter.pick());
      expect(app.get(getServiceToken('web'))).toBe(parameter);
    });

    it('names class and service at boot when a class uses a service that is not listed', async () => {
      @Module({ providers: [Consumer] })
      class Feature {}
      const module = PilotedModule.forRoot({ registry: bench.source, logger, services: ['api'] });
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
      const module = PilotedModule.forRoot({ registry: bench.source, logger, boot: 'empty' });
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
