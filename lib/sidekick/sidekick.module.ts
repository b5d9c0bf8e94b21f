import { type DynamicModule, Logger as NestLogger, Module, type Provider } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { hostname } from 'node:os';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { loadContainerPilot } from '../containerpilot/load.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { Keeper } from '../heartbeat/keeper.js';
import { type Keeping } from '../heartbeat/keeping.js';
import { systemClock } from '../kernel/clock.js';
import { expected } from '../kernel/expected.js';
import { type Logger } from '../kernel/logger.js';
import { redactUrl } from '../kernel/redact.js';
import { asyncOptionsProviders } from '../nest/async-options.js';
import { type PooledRegistry, registryPool } from '../registry/pool.js';
import { type RegistrySource } from '../registry/source.js';
import { bootRegistry, DEFAULT_REGISTRY, REGISTRY_VARIABLE } from '../registry/url.js';
import { HeartbeatExplorer } from './heartbeat.explorer.js';
import { IsolatedKeeper } from './isolate/isolated-keeper.js';
import { scheduleTicker } from './schedule.ticker.js';
import { SIDEKICK_DEFAULTS } from './sidekick.defaults.js';
import { SidekickLifecycle } from './sidekick.lifecycle.js';
import {
  type SidekickModuleAsyncOptions,
  type SidekickModuleOptions,
  type SidekickOptionsFactory,
} from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import {
  SIDEKICK_CLOCK,
  SIDEKICK_CONFIG,
  SIDEKICK_KEEPER,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY,
  SIDEKICK_REGISTRY_URL,
} from './sidekick.tokens.js';
import { checkSidekickOptions } from './sidekick.validation.js';
import { SwitchableLogger } from './switchable.logger.js';

interface NamedRegistry {
  readonly named: string | RegistrySource | undefined;
  readonly source: RegistrySource;
}

const SIDEKICK_SOURCE = Symbol('nestjs-sidekick:sidekick-source');

const GIVEN_OPTIONS = Symbol('nestjs-sidekick:given-options');

const PROVIDERS: readonly Provider[] = [
  {
    provide: SIDEKICK_OPTIONS,
    inject: [GIVEN_OPTIONS],
    useFactory: (options: SidekickModuleOptions): SidekickModuleOptions => {
      checkSidekickOptions(options);
      return options;
    },
  },
  {
    provide: SIDEKICK_LOGGER,
    inject: [SIDEKICK_OPTIONS],
    useFactory: ({ logger }: SidekickModuleOptions): SwitchableLogger =>
      new SwitchableLogger(logger ?? new NestLogger('Sidekick')),
  },
  {
    provide: SIDEKICK_CONFIG,
    inject: [SIDEKICK_OPTIONS, SIDEKICK_LOGGER],
    useFactory: ({ config }: SidekickModuleOptions, logger: Logger): ContainerPilotConfig | undefined => {
      if (config === undefined) return undefined;
      const loaded = loadContainerPilot(config, process.env);
      for (const warning of loaded.warnings) logger.warn(warning);
      return loaded;
    },
  },
  {
    provide: SIDEKICK_SOURCE,
    inject: [SIDEKICK_OPTIONS, SIDEKICK_LOGGER, SIDEKICK_CONFIG],
    useFactory: (
      { registry }: SidekickModuleOptions,
      logger: Logger,
      config: ContainerPilotConfig | undefined,
    ): NamedRegistry => {
      const named = registry ?? (config && registryUrlOf(config.registry));
      return { named, source: bootRegistry(named, process.env, logger) };
    },
  },
  {
    provide: SIDEKICK_REGISTRY_URL,
    inject: [SIDEKICK_SOURCE],
    useFactory: ({ source }: NamedRegistry): string => source.url,
  },
  { provide: SIDEKICK_CLOCK, useValue: systemClock },
  {
    provide: SIDEKICK_REGISTRY,
    inject: [SIDEKICK_OPTIONS, SIDEKICK_SOURCE, SIDEKICK_LOGGER],
    useFactory: async (
      { isolate }: SidekickModuleOptions,
      { source }: NamedRegistry,
      logger: Logger,
    ): Promise<PooledRegistry | undefined> =>
      isolate === true
        ? undefined
        : await registryPool.acquire(source, { clock: systemClock, random: Math.random, logger }),
  },
  {
    provide: SIDEKICK_KEEPER,
    inject: [
      SIDEKICK_OPTIONS,
      SIDEKICK_SOURCE,
      SIDEKICK_LOGGER,
      SIDEKICK_REGISTRY,
      { token: SchedulerRegistry, optional: true },
    ],
    useFactory: (
      { maxHang }: SidekickModuleOptions,
      { named }: NamedRegistry,
      logger: Logger,
      pooled: PooledRegistry | undefined,
      scheduler?: SchedulerRegistry,
    ): Keeping => {
      const deps = {
        clock: systemClock,
        random: Math.random,
        logger,
        // The application's own registry where it has one; importing ScheduleModule here would start its jobs twice.
        ticker: scheduleTicker(scheduler ?? new SchedulerRegistry()),
        name: `${hostname()}:${process.pid}`,
      };
      if (pooled) return new Keeper({ ...deps, registry: pooled.registry });
      const url = isolatedUrl(named);
      return new IsolatedKeeper({
        ...deps,
        registry: () => url,
        maxHang: (maxHang ?? SIDEKICK_DEFAULTS.maxHang) * 1000,
      });
    },
  },
  HeartbeatExplorer,
  Sidekick,
  SidekickLifecycle,
];

function module(given: Provider[], imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: SidekickModule,
    global: true,
    imports,
    providers: [...given, ...PROVIDERS],
    exports: [Sidekick],
  };
}

/** Keeps keys and this service's own instance alive in a registry, tied to Nest's life cycle. */
@Module({})
export class SidekickModule {
  /**
   * Imported once, in the root module. Options are checked when the application is created.
   *
   * @throws InvalidOptionError, IntervalTooSmallError from the boot, with one sentence for each bad option
   */
  static forRoot(options: SidekickModuleOptions = {}): DynamicModule {
    return module([{ provide: GIVEN_OPTIONS, useValue: options }]);
  }

  /** As {@link SidekickModule.forRoot}, with options that are made by a factory, a class or a provider. */
  static forRootAsync(options: SidekickModuleAsyncOptions): DynamicModule {
    return module(
      asyncOptionsProviders(GIVEN_OPTIONS, options, (factory: SidekickOptionsFactory) =>
        factory.createSidekickOptions(),
      ),
      options.imports,
    );
  }
}

/** What the worker thread opens. */
function isolatedUrl(named: string | RegistrySource | undefined): string {
  const variable = process.env[REGISTRY_VARIABLE]?.trim() ?? '';
  const url = typeof named === 'string' ? named : variable === '' ? DEFAULT_REGISTRY : variable;
  if (!/^(memory|fixed|dns):/i.test(url)) return url;
  throw expected('registry', 'one that another thread can write to, together with `isolate`', redactUrl(url));
}
