import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { createHash } from 'node:crypto';
import { ServiceCache } from '../discovery/service-cache.js';
import { type ExpiryGuardOptions } from '../discovery/expiry-guard.js';
import { type Clock, systemClock } from '../common/clock.js';
import { type ServiceName } from '../common/declared-names.js';
import { type Logger } from '../common/logger.js';
import { asyncOptionsProviders } from '../nest/async-options.js';
import { ModuleLogger } from '../nest/module-logger.js';
import { ownInstanceOf } from '../nest/own-instance.js';
import { checkRootModule } from '../nest/root-module.js';
import { fixed } from '../registries/fixed/fixed.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { bootRegistry } from '../registries/registry-url.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { LateServices } from './late-services.js';
import { missingModuleError } from './missing-module.error.js';
import { ClientLocality } from './client-locality.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedConfig } from './piloted-config.js';
import { PILOTED_DEFAULTS } from './piloted.options.js';
import { PilotedLifecycle } from './piloted.lifecycle.js';
import {
  type PilotedModuleAsyncOptions,
  type PilotedModuleOptions,
  type PilotedOptionsFactory,
  type ServiceOptions,
} from './piloted.options.js';
import {
  PILOTED_CACHE,
  PILOTED_CLOCK,
  PILOTED_LOGGER,
  PILOTED_OPTIONS,
  PILOTED_SOURCE,
} from './piloted.tokens.js';
import { checkPilotedOptions, checkServices } from './piloted.validation.js';
import { RegistryCaches } from './registry-caches.js';
import { ServiceHandles } from './service-handles.js';
import { ServiceChangeModule } from './service-change-subscriptions.js';
import { type ServiceHandle } from './service-handle.js';
import { ServiceUsageExplorer } from './service-usage.explorer.js';
import { recordedServices } from './service-usage.js';
import { getServiceToken } from './piloted.tokens.js';

/** Token of the validated options. Every provider that opens a file or a registry depends on it. */
const CHECKED_OPTIONS = Symbol('nestjs-sidekick:piloted-checked-options');

const PROVIDERS: readonly Provider[] = [
  { provide: PILOTED_CLOCK, useValue: systemClock },
  {
    provide: PILOTED_LOGGER,
    inject: [CHECKED_OPTIONS],
    useFactory: ({ logger }: PilotedModuleOptions): Logger => new ModuleLogger('Piloted', logger),
  },
  {
    provide: PilotedConfig,
    inject: [CHECKED_OPTIONS, PILOTED_LOGGER],
    useFactory: async ({ config, enabled }: PilotedModuleOptions, logger: Logger): Promise<PilotedConfig> => {
      const given = enabled === false ? { path: undefined, env: {} } : { path: config, env: process.env };
      const piloted = new PilotedConfig(given.path, given.env, logger);
      await piloted.load();
      return piloted;
    },
  },
  {
    provide: PILOTED_SOURCE,
    inject: [CHECKED_OPTIONS, PilotedConfig, PILOTED_LOGGER],
    useFactory: (
      { registry, enabled }: PilotedModuleOptions,
      config: PilotedConfig,
      logger: Logger,
    ): RegistrySource => {
      if (enabled === false) return fixed({});
      const named = registry ?? (config.current && registryUrlOf(config.current.registry));
      return bootRegistry(named, process.env, logger);
    },
  },
  {
    provide: PILOTED_CACHE,
    inject: [CHECKED_OPTIONS, PILOTED_CLOCK, PILOTED_LOGGER],
    useFactory: (options: PilotedModuleOptions, clock: Clock, logger: Logger): ServiceCache =>
      makeCache(options, { clock, logger }, options.snapshot),
  },
  {
    provide: RegistryCaches,
    inject: [CHECKED_OPTIONS, PILOTED_CACHE, PILOTED_SOURCE, PILOTED_CLOCK, PILOTED_LOGGER, ModulesContainer],
    useFactory: (
      options: PilotedModuleOptions,
      cache: ServiceCache,
      source: RegistrySource,
      clock: Clock,
      logger: Logger,
      { applicationId }: ModulesContainer,
    ): RegistryCaches =>
      new RegistryCaches({
        clock,
        random: Math.random,
        logger,
        source,
        cache,
        // Each registry has a file of its own, since both may have a service of one name.
        makeCache: ({ identity }) =>
          makeCache(
            options,
            { clock, logger },
            options.snapshot && `${options.snapshot}.${digestOf(identity)}`,
          ),
        enabled: options.enabled ?? PILOTED_DEFAULTS.enabled,
        applicationId,
      }),
  },
  {
    provide: ClientLocality,
    inject: [PILOTED_CACHE, PILOTED_CLOCK, ModulesContainer],
    useFactory: (cache: ServiceCache, clock: Clock, modules: ModulesContainer): ClientLocality =>
      new ClientLocality({
        own: ownInstanceOf(modules),
        cache,
        clock,
        applicationId: modules.applicationId,
      }),
  },
  {
    provide: ServiceHandles,
    inject: [
      CHECKED_OPTIONS,
      PilotedConfig,
      PILOTED_CACHE,
      RegistryCaches,
      ClientLocality,
      PILOTED_CLOCK,
      PILOTED_LOGGER,
      ModulesContainer,
    ],
    useFactory: async (
      { services, balancer, bootTimeout, enabled }: PilotedModuleOptions,
      config: PilotedConfig,
      cache: ServiceCache,
      caches: RegistryCaches,
      locality: ClientLocality,
      clock: Clock,
      logger: Logger,
      { applicationId }: ModulesContainer,
    ): Promise<ServiceHandles> => {
      const handles = new ServiceHandles({
        cache,
        caches,
        locality,
        clock,
        random: Math.random,
        logger,
        applicationId,
        balancer: balancer ?? PILOTED_DEFAULTS.balancer,
        bootTimeout: bootTimeout ?? PILOTED_DEFAULTS.bootTimeout,
        ...(enabled === false ? { empty: 'PilotedModule has `enabled: false` and opens no registry' } : {}),
      });
      if (services ?? config.current) handles.restrict();
      for (const service of services ?? []) handles.declare(optionsOf(service));
      await handles.configure(config.services);
      return handles;
    },
  },
  DiscoveryService,
  LateServices,
  ServiceUsageExplorer,
  PilotedLifecycle,
];

/** Advice in the error about a second `forRoot`. */
const ADVICE = 'Further services are listed by PilotedModule.forFeature([…]).';

/** Finds the instances of other services and watches them in a registry. */
@Module({})
export class PilotedModule {
  /** @throws InvalidOptionError when the application imports the module twice, or the class without `forRoot` */
  constructor(modules: ModulesContainer, moduleRef: ModuleRef) {
    checkRootModule(PilotedModule, PILOTED_OPTIONS, ADVICE, modules, moduleRef);
  }

  /**
   * Imported once, in the root module. Invalid options fail the boot with an `InvalidOptionError` that has one sentence
   * per option.
   */
  static forRoot(options: PilotedModuleOptions = {}): DynamicModule {
    return root([{ provide: PILOTED_OPTIONS, useValue: options }]);
  }

  /** As {@link PilotedModule.forRoot}, with options from a factory, a class or a provider. */
  static forRootAsync(options: PilotedModuleAsyncOptions): DynamicModule {
    return root(
      asyncOptionsProviders('PilotedModule', PILOTED_OPTIONS, options, (factory: PilotedOptionsFactory) =>
        factory.createPilotedOptions(),
      ),
      options.imports,
    );
  }

  /**
   * Lists further services in the module that uses them, and provides their handles to it.
   *
   * @throws InvalidOptionError when a service is invalid or listed twice
   */
  static forFeature(services: readonly (ServiceName | ServiceOptions)[]): DynamicModule {
    checkServices('services', services);
    const providers = services.map(optionsOf).map((service) => ({
      provide: getServiceToken(service.name),
      inject: [{ token: ServiceHandles, optional: true }],
      useFactory: (handles?: ServiceHandles): ServiceHandle => {
        if (!handles) throw missingModuleError(`PilotedModule.forFeature(['${service.name}'])`);
        handles.declare(service);
        return handles.of(service.name);
      },
    }));
    return { module: PilotedFeatureModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}

/** The module of `forFeature`: provides handles to the module that imports it. */
@Module({})
class PilotedFeatureModule {}

function checkedOptions(): Provider {
  return {
    provide: CHECKED_OPTIONS,
    // PilotedModule checks in its constructor how it is imported, which must happen before anything is opened.
    inject: [PILOTED_OPTIONS, PilotedModule],
    useFactory: (options: PilotedModuleOptions): PilotedModuleOptions => {
      checkPilotedOptions(options);
      return options;
    },
  };
}

function root(given: Provider[], imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: PilotedModule,
    global: true,
    imports: [ServiceChangeModule, ...imports],
    // Getters, since Nest reads them when the application is created: by then all decorators have run.
    get providers(): Provider[] {
      return [...given, checkedOptions(), ...PROVIDERS, ...recordedServices().map(handleProvider)];
    },
    get exports(): NonNullable<DynamicModule['exports']> {
      return [DiscoveryService, ServiceHandles, ...recordedServices().map(getServiceToken)];
    },
  };
}

/** Provides undefined for a service that this application neither lists nor injects, though an imported class names it. */
function handleProvider(name: string): Provider {
  return {
    provide: getServiceToken(name),
    inject: [ServiceHandles, ServiceUsageExplorer],
    useFactory: (handles: ServiceHandles, usages: ServiceUsageExplorer) =>
      usages.injects(name) || handles.names.includes(name) ? handles.handle(name) : undefined,
  };
}

function makeCache(
  { allow, enabled, expiryGuard }: PilotedModuleOptions,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  snapshot: string | undefined,
): ServiceCache {
  return new ServiceCache({
    clock,
    random: Math.random,
    logger,
    ...(allow === undefined ? {} : { allow }),
    ...(snapshot === undefined || enabled === false ? {} : { snapshot }),
    ...guardOf(expiryGuard),
  });
}

/** A short name for a registry, the same in every run. */
function digestOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 8);
}

function optionsOf(service: string | ServiceOptions): ServiceOptions {
  return typeof service === 'string' ? { name: service } : service;
}

function guardOf(guard: PilotedModuleOptions['expiryGuard']): { readonly expiryGuard?: ExpiryGuardOptions } {
  if (guard === undefined || guard === false) return {};
  const { threshold, window, grace } = guard === true ? {} : guard;
  return {
    expiryGuard: {
      ...(threshold === undefined ? {} : { threshold }),
      ...(window === undefined ? {} : { windowMs: window * 1_000 }),
      ...(grace === undefined ? {} : { graceMs: grace * 1_000 }),
    },
  };
}
