import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { LocalRegistrar } from '../registration/local-registrar.js';
import { type Registrar } from '../registration/registrar.js';
import { type WorkerThread } from '../registration/worker/worker-thread.js';
import { type Clock, systemClock } from '../common/clock.js';
import { expected } from '../common/expected.js';
import { type Logger } from '../common/logger.js';
import { redactUrl } from '../common/redact.js';
import { asyncOptionsProviders } from '../nest/async-options.js';
import { checkRootModule } from '../nest/root-module.js';
import { type SharedRegistry, registryPool } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { bootRegistry, DEFAULT_REGISTRY, REGISTRY_VARIABLE } from '../registries/registry-url.js';
import { DISABLED_REGISTRAR } from './disabled-registrar.js';
import { getElectionToken, recordedElections } from './elections/election-token.js';
import { ElectionJobs } from './elections/election-jobs.js';
import { electionClientProvider, electionProvider, LateElections } from './elections/election.providers.js';
import { Elections } from './elections/elections.service.js';
import { LoopbackWarning } from './loopback-warning.js';
import { PrimaryEntries } from './primary-entries.js';
import { processName } from './process-name.js';
import { scheduleTicker } from './schedule.ticker.js';
import { findSchedulerRegistry } from './scheduler-registry.js';
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
  SIDEKICK_REGISTRAR,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY,
  SIDEKICK_REGISTRY_URL,
  SIDEKICK_SOURCE,
  SIDEKICK_WAIT_CLOCK,
  SIDEKICK_WORKER,
} from './sidekick.tokens.js';
import { checkSidekickOptions } from './sidekick.validation.js';
import { SwitchableLogger } from './switchable.logger.js';

interface NamedRegistry {
  readonly named: string | RegistrySource | undefined;
  readonly source: RegistrySource;
}

/** The checked options. Every provider that opens or reads something depends on it. */
const CHECKED_OPTIONS = Symbol('nestjs-sidekick:checked-options');

const PROVIDERS: readonly Provider[] = [
  {
    provide: SIDEKICK_LOGGER,
    inject: [CHECKED_OPTIONS],
    useFactory: ({ logger }: SidekickModuleOptions): SwitchableLogger =>
      new SwitchableLogger('Sidekick', logger),
  },
  {
    provide: SIDEKICK_CONFIG,
    inject: [CHECKED_OPTIONS, SIDEKICK_LOGGER],
    useFactory: async (
      { config, enabled }: SidekickModuleOptions,
      logger: Logger,
    ): Promise<ContainerPilotConfig | undefined> => {
      if (config === undefined || enabled === false) return undefined;
      const { loadContainerPilot } = await import('../containerpilot/load.js');
      const loaded = loadContainerPilot(config, process.env);
      for (const warning of loaded.warnings) logger.warn(warning);
      return loaded;
    },
  },
  {
    provide: SIDEKICK_SOURCE,
    inject: [CHECKED_OPTIONS, SIDEKICK_LOGGER, SIDEKICK_CONFIG],
    useFactory: (
      { registry, enabled }: SidekickModuleOptions,
      logger: Logger,
      config: ContainerPilotConfig | undefined,
    ): NamedRegistry | undefined => {
      if (enabled === false) return undefined;
      const named = registry ?? (config && registryUrlOf(config.registry));
      return { named, source: bootRegistry(named, process.env, logger) };
    },
  },
  {
    provide: SIDEKICK_REGISTRY_URL,
    inject: [SIDEKICK_SOURCE],
    useFactory: (registry: NamedRegistry | undefined): string => registry?.source.url ?? 'none',
  },
  { provide: SIDEKICK_CLOCK, useValue: systemClock },
  { provide: SIDEKICK_WAIT_CLOCK, useExisting: SIDEKICK_CLOCK },
  {
    provide: SIDEKICK_REGISTRY,
    inject: [CHECKED_OPTIONS, SIDEKICK_SOURCE, SIDEKICK_LOGGER, SIDEKICK_CLOCK, ModulesContainer],
    useFactory: async (
      { isolate }: SidekickModuleOptions,
      registry: NamedRegistry | undefined,
      logger: Logger,
      clock: Clock,
      { applicationId }: ModulesContainer,
    ): Promise<SharedRegistry | undefined> =>
      isolate === true || !registry
        ? undefined
        : await registryPool.acquire(registry.source, { clock, random: Math.random, logger }, applicationId),
  },
  {
    provide: SIDEKICK_WORKER,
    inject: [CHECKED_OPTIONS, SIDEKICK_SOURCE, SIDEKICK_LOGGER, SIDEKICK_CLOCK, ModulesContainer],
    useFactory: async (
      { isolate, maxHang }: SidekickModuleOptions,
      source: NamedRegistry | undefined,
      logger: Logger,
      clock: Clock,
      { applicationId }: ModulesContainer,
    ): Promise<WorkerThread | undefined> => {
      if (isolate !== true || !source) return undefined;
      const url = isolatedUrl(source.named);
      const { WorkerThread } = await import('../registration/worker/worker-thread.js');
      return new WorkerThread({
        clock,
        random: Math.random,
        logger,
        registry: () => url,
        name: processName(),
        applicationId,
        maxHangMs: (maxHang ?? SIDEKICK_DEFAULTS.maxHang) * 1000,
      });
    },
  },
  {
    provide: SIDEKICK_REGISTRAR,
    inject: [SIDEKICK_WORKER, SIDEKICK_LOGGER, SIDEKICK_REGISTRY, SIDEKICK_CLOCK, ModulesContainer],
    useFactory: async (
      thread: WorkerThread | undefined,
      logger: Logger,
      pooled: SharedRegistry | undefined,
      clock: Clock,
      modules: ModulesContainer,
    ): Promise<Registrar> => {
      // Importing ScheduleModule here would start the application's jobs twice.
      const ticker = scheduleTicker(() => findSchedulerRegistry(modules));
      if (thread) {
        const { WorkerRegistrar } = await import('../registration/worker/worker-registrar.js');
        return new WorkerRegistrar({ clock, logger, ticker, thread });
      }
      if (!pooled) return DISABLED_REGISTRAR;
      return new LocalRegistrar({
        clock,
        random: Math.random,
        logger,
        ticker,
        name: processName(),
        applicationId: modules.applicationId,
        registry: pooled.registry,
      });
    },
  },
  electionClientProvider(CHECKED_OPTIONS),
  ElectionJobs,
  Elections,
  LateElections,
  LoopbackWarning,
  PrimaryEntries,
  Sidekick,
  SidekickLifecycle,
];

function checkedOptions(): Provider {
  return {
    provide: CHECKED_OPTIONS,
    // The module's constructor checks how it was imported, before anything is opened.
    inject: [SIDEKICK_OPTIONS, SidekickModule],
    useFactory: (options: SidekickModuleOptions): SidekickModuleOptions => {
      checkSidekickOptions(options);
      return options;
    },
  };
}

function module(given: Provider[], imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: SidekickModule,
    global: true,
    imports,
    // Getters, since Nest reads them when the application is created: by then all decorators have run.
    get providers(): Provider[] {
      return [...given, checkedOptions(), ...PROVIDERS, ...recordedElections().map(electionProvider)];
    },
    get exports(): NonNullable<DynamicModule['exports']> {
      return [Sidekick, Elections, ...recordedElections().map(getElectionToken)];
    },
  };
}

/** Advice in the error about a second `forRoot`. */
const ADVICE =
  'Register further keys with @Heartbeat or Sidekick.keep(), further services with Sidekick.announce().';

/** Registers keys and this service's own instance in a registry, and deregisters them at shutdown. */
@Module({})
export class SidekickModule {
  /** @throws InvalidOptionError when the application imports the module twice, or the class without `forRoot` */
  constructor(modules: ModulesContainer, moduleRef: ModuleRef) {
    checkRootModule(SidekickModule, SIDEKICK_OPTIONS, ADVICE, modules, moduleRef);
  }

  /**
   * Registers the module. Import it once, in the root module. Options are checked when the application is created.
   *
   * @throws InvalidOptionError from the boot, with one sentence for each bad option
   * @throws IntervalTooSmallError from the boot, for an `updateInterval` below 1
   */
  static forRoot(options: SidekickModuleOptions = {}): DynamicModule {
    return module([{ provide: SIDEKICK_OPTIONS, useValue: options }]);
  }

  /** As {@link SidekickModule.forRoot}, with options from a factory, a class or a provider. */
  static forRootAsync(options: SidekickModuleAsyncOptions): DynamicModule {
    return module(
      asyncOptionsProviders('SidekickModule', SIDEKICK_OPTIONS, options, (factory: SidekickOptionsFactory) =>
        factory.createSidekickOptions(),
      ),
      options.imports,
    );
  }
}

/** The URL that the worker thread opens. @throws InvalidOptionError for a registry that another thread cannot write to */
function isolatedUrl(named: string | RegistrySource | undefined): string {
  const variable = process.env[REGISTRY_VARIABLE]?.trim() ?? '';
  const url = typeof named === 'string' ? named : variable === '' ? DEFAULT_REGISTRY : variable;
  if (!/^(memory|fixed|dns):/i.test(url)) return url;
  throw expected(
    'registry',
    'a URL of a registry outside this process, since `isolate` is set',
    redactUrl(url),
  );
}
