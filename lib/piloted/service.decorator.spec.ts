import { Controller, Get, Inject, Injectable, Module, ValidationPipe } from '@nestjs/common';
import { type INestApplication, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import * as validatorPackage from 'class-validator';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  DiscoveryService,
  Endpoint,
  InvalidOptionError,
  memory,
  OnServiceChange,
  PilotedModule,
  Service,
  ServiceChange,
  ServiceHandle,
  getServiceToken,
} from '../index.js';
import { silentLogger } from '../common/logger.js';
import { type MemorySource } from '../registries/memory/memory.js';
import { Announcer } from '../../test/harness/in-memory/announcer.js';

/** The part of class-transformer that Nest's ValidationPipe uses, for types that it validates. */
const toInstance = (type: Type, value: unknown) => Object.assign(new type() as object, value) as never;
const toPlain = (value: unknown) => ({ ...(value as object) });
const transformerPackage = {
  plainToClass: toInstance,
  plainToInstance: toInstance,
  classToPlain: toPlain,
  instanceToPlain: toPlain,
};

const quiet = { logger: silentLogger };

function load(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return (error as Error).message;
  }
  throw new Error('Nothing was thrown.');
}

async function get(app: INestApplication, path: string): Promise<readonly [number, unknown]> {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return [response.status, await response.json()];
}

@Controller()
class Orders {
  @Get('one')
  one(@Service('web') web: Endpoint): unknown {
    return { address: web.address };
  }
}

describe('@Service', () => {
  let source: MemorySource;
  let app: INestApplication | undefined;

  beforeEach(() => {
    source = memory();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const discovery = () => PilotedModule.forRoot({ registry: source, ...quiet });

  describe('in places where it is not allowed', () => {
    it('rejects a handle on a parameter of a handler, and an endpoint elsewhere', () => {
      const handler = (): unknown => {
        class Wrong {
          list(@Service('web') _web: ServiceHandle): unknown {
            return undefined;
          }
        }
        return Wrong;
      };
      expect(load(handler)).toBe(
        'Expected the parameter with @Service("web") of Wrong.list to be an Endpoint, got ServiceHandle. A handler\'s parameter receives the next endpoint; a constructor\'s parameter or a property receives the ServiceHandle.',
      );
      const text = (): unknown => {
        @Injectable()
        class Wrong {
          constructor(@Service('web') readonly web: string) {}
        }
        return Wrong;
      };
      expect(load(text)).toMatch(/^Expected Wrong\.constructor to declare ServiceHandle .*got String\./);
      const property = (): unknown => {
        class Wrong {
          @Service('web') readonly web!: DiscoveryService;
        }
        return Wrong;
      };
      expect(load(property)).toMatch(
        /^Expected Wrong\.web to declare ServiceHandle .*got DiscoveryService\./,
      );
    });

    it('rejects classes, methods, accessors, static members and standard decorators', () => {
      const apply = Service('web') as (...given: unknown[]) => void;
      class Wrong {
        method(): unknown {
          return undefined;
        }
      }
      const { prototype } = Wrong;
      const described = { value: (): undefined => undefined };
      expect(load(() => apply(Wrong, undefined, undefined))).toMatch(/got the class Wrong\.$/);
      expect(load(() => apply(prototype, 'method', described))).toMatch(
        /got the method or accessor Wrong\.method\.$/,
      );
      expect(load(() => apply(Wrong, 'all', undefined))).toMatch(/got the static member Wrong\.all\.$/);
      expect(load(() => apply(Wrong, 'all', 0))).toMatch(/got the static member Wrong\.all\.$/);
      expect(load(() => apply(undefined, { kind: 'field', name: 'web' }))).toMatch(
        /`experimentalDecorators`/,
      );
      apply(prototype, 'babel', { initializer: null });
    });

    it('fails the boot on a method that is not a handler, also on a scheduled job', async () => {
      @Injectable()
      class Jobs {
        run(@Service('web') _web?: Endpoint): unknown {
          return undefined;
        }
      }
      @Injectable()
      class Timed {
        @Cron('0 0 1 1 *')
        run(@Service('web') _web?: Endpoint): unknown {
          return undefined;
        }
      }
      for (const type of [Jobs, Timed]) {
        const module = await Test.createTestingModule({
          imports: [discovery()],
          providers: [type],
        }).compile();
        await expect(module.init()).rejects.toThrow(
          `Expected ${type.name}.run, which has @Service("web") on a parameter, to be a handler of a route, message or event`,
        );
      }
    });

    it('throws when a handle is used as an endpoint', async () => {
      @Injectable()
      class Wrong {
        constructor(@Service('web') readonly web: Endpoint) {}
      }
      const module = await Test.createTestingModule({ imports: [discovery()], providers: [Wrong] }).compile();
      await module.init();
      const { web } = module.get(Wrong);
      for (const field of ['address', 'port'] as const)
        expect(load(() => web[field])).toMatch(
          new RegExp(
            `^Expected an Endpoint to read \`${field}\` from, got the ServiceHandle of service "web"\\.`,
          ),
        );
      expect(Object.keys(web)).not.toContain('address');
      await module.close();
    });
  });

  it('emits `Object` in the metadata, so that a validating pipe accepts the endpoint unchanged', async () => {
    class Typed {
      @OnServiceChange('web')
      changed(_change: ServiceChange): unknown {
        return undefined;
      }
    }
    const types = (type: Type, method: string): unknown =>
      Reflect.getMetadata('design:paramtypes', type.prototype as object, method);
    expect([types(Orders, 'one'), types(Typed, 'changed')]).toEqual([[Object], [Object]]);
    const web = await Announcer.on(source);
    await web.announce('a');
    const module = Test.createTestingModule({ imports: [discovery()], controllers: [Orders] });
    app = (await module.compile()).createNestApplication({ logger: false });
    app.useGlobalPipes(
      new ValidationPipe({
        validateCustomDecorators: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        validatorPackage,
        transformerPackage,
      }),
    );
    await app.listen(0, '127.0.0.1');
    expect(await get(app, '/one')).toEqual([200, { address: '10.0.0.1' }]);
    await web.end();
  });

  describe('a class that is only imported', () => {
    it('makes the application watch nothing, and provides no handle', async () => {
      @Injectable()
      class Imported {
        constructor(@Service('only-imported') readonly web: ServiceHandle) {}
        list(@Service('only-imported-too') _web: Endpoint): unknown {
          return undefined;
        }
      }
      expect(Imported).toBeDefined();
      app = await NestFactory.create(discovery(), { logger: false, abortOnError: false });
      await app.init();
      expect(app.get(DiscoveryService).names()).toEqual([]);
      expect(app.get(getServiceToken('only-imported'))).toBeFalsy();
    });

    it('provides its handle to factories and to @Inject when they use it', async () => {
      class Imported {
        @Service('by-factory') readonly one!: ServiceHandle;
        @Service('by-token') readonly two!: ServiceHandle;
        @Service('by-property') readonly three!: ServiceHandle;
      }
      expect(Imported).toBeDefined();
      @Injectable()
      class Using {
        @Inject(getServiceToken('by-property')) readonly three!: ServiceHandle;
        constructor(@Inject(getServiceToken('by-token')) readonly two: ServiceHandle) {}
      }
      const factory: Provider = {
        provide: 'one',
        inject: [{ token: getServiceToken('by-factory'), optional: true }],
        useFactory: (one: ServiceHandle) => one,
      };
      @Module({ imports: [discovery()], providers: [Using, factory] })
      class AppModule {}
      app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
      await app.init();
      const using = app.get(Using);
      const one = app.get<ServiceHandle>('one');
      expect([one, using.two, using.three].map(({ name }) => name)).toEqual([
        'by-factory',
        'by-token',
        'by-property',
      ]);
      expect([...app.get(DiscoveryService).names()].sort()).toEqual([
        'by-factory',
        'by-property',
        'by-token',
      ]);
    });

    it('provides a handle to a module, when another module lists the service', async () => {
      @Injectable()
      class Using {
        constructor(@Service('featured') readonly web: ServiceHandle) {}
      }
      @Module({ providers: [Using] })
      class UsingModule {}
      @Module({ imports: [PilotedModule.forFeature(['featured'])] })
      class ListingModule {}
      @Module({
        imports: [
          UsingModule,
          PilotedModule.forRoot({ registry: source, ...quiet, services: ['other'] }),
          ListingModule,
        ],
      })
      class AppModule {}
      const web = await Announcer.on(source, 'featured');
      await web.announce('a');
      app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
      await app.init();
      expect(app.get(Using).web.pick().id).toBe('a');
      await web.end();
    });
  });
});

describe('a parameter whose type is imported by `import { type Endpoint }`', () => {
  it.each([Object, Function])('is an endpoint with %p as its emitted type', (type) => {
    class Typed {
      list(web: unknown): unknown {
        return web;
      }
    }
    Reflect.defineMetadata('design:paramtypes', [type], Typed.prototype, 'list');
    expect(() => {
      Service('web')(Typed.prototype, 'list', 0);
    }).not.toThrow();
  });
});
