import {
  Controller,
  forwardRef,
  Injectable,
  Module,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLogger } from '../common/logger.js';

import { PilotedModule } from '../piloted/piloted.module.js';
import { memory } from '../registries/memory/memory.js';
import { registryPool } from '../registry/registry-pool.js';
import { Heartbeat } from '../sidekick/heartbeat.decorator.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { type SidekickModuleOptions } from '../sidekick/sidekick.options.js';
import { Sidekick } from '../sidekick/sidekick.service.js';

const quiet = { logger: silentLogger };

@Injectable()
class Unrelated {}

class Beating {
  @Heartbeat('k')
  beat(): string {
    return '';
  }
}

@Controller()
class Injecting {
  constructor(readonly sidekick: Sidekick) {}
}

async function boot(
  imports: NonNullable<DynamicModule['imports']>,
  providers: Provider[] = [],
): Promise<void> {
  @Module({ imports, providers })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  await app.close();
}

describe('the imports of an application', () => {
  afterEach(() => {
    expect(registryPool.size).toBe(0);
  });

  describe.each([
    [
      'SidekickModule',
      SidekickModule,
      (): DynamicModule => SidekickModule.forRoot({ registry: memory(), ...quiet }),
    ],
    [
      'PilotedModule',
      PilotedModule,
      (): DynamicModule => PilotedModule.forRoot({ registry: memory(), ...quiet }),
    ],
  ])('%s', (name, type, forRoot) => {
    it('is refused when two modules import it by forRoot, and both are named', async () => {
      @Module({ imports: [forRoot()] })
      class OrdersModule {}
      @Module({})
      class BillingModule {
        static configured(): DynamicModule {
          return { module: BillingModule, imports: [forRoot()] };
        }
      }
      await expect(boot([OrdersModule, BillingModule.configured()])).rejects.toThrow(
        `Expected ${name}.forRoot() to be imported once, got 2 times: by OrdersModule and by BillingModule.`,
      );
      await expect(boot([forRoot(), forRoot()])).rejects.toThrow(/2 times: by AppModule and by AppModule\./);
    });

    it('may be imported by several modules as one object', async () => {
      const shared = forRoot();
      @Module({ imports: [shared] })
      class OrdersModule {}
      await boot([OrdersModule, forwardRef(() => shared as never)]);
    });

    it.each([
      ['alone', []],
      ['beside forRoot', [forRoot()]],
    ])('is refused as a bare class %s, and the importing module is named', async (_where, others) => {
      @Module({ imports: [type] })
      class OrdersModule {}
      await expect(boot([...others, OrdersModule])).rejects.toThrow(
        `Expected ${name}.forRoot() or forRootAsync() in the imports of OrdersModule, got the class ${name} itself.`,
      );
    });
  });

  it('name PilotedModule.forRoot() when forFeature stands alone', async () => {
    await expect(boot([PilotedModule.forFeature(['billing'])])).rejects.toThrow(
      "PilotedModule.forFeature(['billing']) needs PilotedModule, which the application does not import. Add PilotedModule.forRoot() to",
    );
  });

  describe('SidekickModule with nothing to register', () => {
    async function warnings(
      providers: Provider[],
      options: SidekickModuleOptions = {},
      controllers: never[] = [],
    ): Promise<readonly string[]> {
      const lines: string[] = [];
      const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
      @Module({
        imports: [SidekickModule.forRoot({ registry: memory(), logger, ...options })],
        providers,
        controllers,
      })
      class AppModule {}
      const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
      await app.init();
      await app.close();
      return lines;
    }

    it('warns once', async () => {
      expect(await warnings([Unrelated])).toEqual([
        expect.stringMatching(
          /^SidekickModule has nothing to register: .* Set an option, or remove the import\.$/,
        ),
      ]);
    });

    interface Busy {
      readonly what: string;
      readonly providers?: Provider[];
      readonly options?: SidekickModuleOptions;
      readonly controllers?: never[];
    }
    it.each<Busy>([
      { what: 'a key', options: { key: 'k' } },
      { what: 'a service', options: { service: { name: 'web', address: '127.0.0.1', port: 1 } } },
      { what: 'a method with @Heartbeat', providers: [Beating] },
      { what: 'a class that injects Sidekick', providers: [Injecting] },
      {
        what: 'a factory that injects Sidekick',
        providers: [{ provide: 'x', inject: [Sidekick], useFactory: () => 1 }],
      },
      { what: 'a controller that injects Sidekick', controllers: [Injecting] as never[] },
      { what: 'enabled: false', options: { enabled: false } },
    ])('does not warn with $what', async ({ providers = [], options = {}, controllers = [] }) => {
      expect(await warnings(providers, options, controllers)).toEqual([]);
    });
  });
});
