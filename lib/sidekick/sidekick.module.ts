import { type DynamicModule, Logger as NestLogger, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { hostname } from 'node:os';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { loadContainerPilot } from '../containerpilot/load.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { Keeper } from '../heartbeat/keeper.js';
import { systemClock } from '../kernel/clock.js';
import { type Logger } from '../kernel/logger.js';
import { type PooledRegistry, registryPool } from '../registry/pool.js';
import { registrySource } from '../registry/url.js';
import { HeartbeatExplorer } from './heartbeat.explorer.js';
import { scheduleTicker } from './schedule.ticker.js';
import { SidekickLifecycle } from './sidekick.lifecycle.js';
import {
  type SidekickModuleAsyncOptions,
  type SidekickModuleOptions,
  type SidekickOptionsFactory,
} from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import {
  SIDEKICK_CONFIG,
  SIDEKICK_KEEPER,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY,
} from './sidekick.tokens.js';
import { checkSidekickOptions } from './sidekick.validation.js';
import { SwitchableLogger } from './switchable.logger.js';

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
    provide: SIDEKICK_REGISTRY,
    inject: [SIDEKICK_OPTIONS, SIDEKICK_LOGGER, { token: SIDEKICK_CONFIG, optional: true }],
    useFactory: async (
      { registry }: SidekickModuleOptions,
      logger: Logger,
      config?: ContainerPilotConfig,
    ): Promise<PooledRegistry> => {
      const named = registry ?? (config && registryUrlOf(config.registry));
      const source = registrySource(named, process.env);
      return await registryPool.acquire(source, { clock: systemClock, random: Math.random, logger });
    },
  },
  {
    provide: SIDEKICK_KEEPER,
    inject: [SIDEKICK_REGISTRY, SIDEKICK_LOGGER, { token: SchedulerRegistry, optional: true }],
    useFactory: ({ registry }: PooledRegistry, logger: Logger, scheduler?: SchedulerRegistry): Keeper =>
      new Keeper({
        registry,
        clock: systemClock,
        random: Math.random,
        logger,
        // The application's own registry where it has one; importing ScheduleModule here would start its jobs twice.
        ticker: scheduleTicker(scheduler ?? new SchedulerRegistry()),
        name: `${hostname()}:${process.pid}`,
      }),
  },
  HeartbeatExplorer,
  Sidekick,
  SidekickLifecycle,
];

function module(given: Provider[], imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: SidekickModule,
    global: true,
    imports: [DiscoveryModule, ...imports],
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
    return module(asyncProviders(options), options.imports);
  }
}

function asyncProviders(options: SidekickModuleAsyncOptions): Provider[] {
  if (options.useFactory) {
    return [{ provide: GIVEN_OPTIONS, inject: options.inject ?? [], useFactory: options.useFactory }];
  }
  const factory = options.useExisting ?? options.useClass;
  if (!factory) throw new TypeError('Expected one of `useFactory`, `useClass` and `useExisting`, got none.');
  const made: Provider = {
    provide: GIVEN_OPTIONS,
    inject: [factory],
    useFactory: (source: SidekickOptionsFactory) => source.createSidekickOptions(),
  };
  return options.useExisting ? [made] : [{ provide: factory, useClass: factory }, made];
}
