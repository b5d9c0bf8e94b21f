import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type ServiceCache } from '../discovery/service-cache.js';
import { type Clock } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { Semaphore } from '../common/async/semaphore.js';
import { InvalidOptionError, RegistryUnavailableError, SidekickError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { registryPool, type SharedRegistry } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { DiscoveryService } from './discovery.service.js';
import { PilotedConfig } from './piloted-config.js';
import { PILOTED_DEFAULTS } from './piloted.options.js';
import { type PilotedModuleOptions } from './piloted.options.js';
import {
  PILOTED_CACHE,
  PILOTED_CLOCK,
  PILOTED_LOGGER,
  PILOTED_OPTIONS,
  PILOTED_SOURCE,
} from './piloted.tokens.js';
import { ClientLocality } from './client-locality.js';
import { RegistryCaches } from './registry-caches.js';
import { ServiceHandles } from './service-handles.js';
import { ServiceChangeExplorer, type FoundListener } from './service-change.explorer.js';
import { ServiceChangeSubscriptions } from './service-change-subscriptions.js';
import { type ServiceHandle } from './service-handle.js';
import { ServiceUsageExplorer } from './service-usage.explorer.js';
import { onSighup } from './on-sighup.js';
import { UnknownServiceError } from './unknown-service.error.js';

/**
 * Starts and stops discovery with the application: lists are loaded before other modules initialise, and stay in use
 * until the last request has been served.
 */
@Injectable()
export class PilotedLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private starting: Promise<void> | undefined;
  private pooled: SharedRegistry | undefined;
  private closed = false;
  private endSighup: (() => void) | undefined;
  /** Runs one refresh at a time, so that an older configuration never replaces a newer one. */
  private readonly refreshes = new Semaphore(1);
  private listeners: readonly FoundListener[] = [];

  constructor(
    @Inject(PILOTED_OPTIONS) private readonly options: PilotedModuleOptions,
    @Inject(PILOTED_SOURCE) private readonly source: RegistrySource,
    @Inject(PILOTED_CACHE) private readonly cache: ServiceCache,
    @Inject(PILOTED_CLOCK) private readonly clock: Clock,
    @Inject(PILOTED_LOGGER) private readonly logger: Logger,
    private readonly config: PilotedConfig,
    private readonly caches: RegistryCaches,
    private readonly locality: ClientLocality,
    private readonly handles: ServiceHandles,
    private readonly discovery: DiscoveryService,
    private readonly usages: ServiceUsageExplorer,
    private readonly subscriptions: ServiceChangeSubscriptions,
    private readonly modules: ModulesContainer,
  ) {}

  /** A second call waits for the first: Nest runs the hooks twice in a microservice that is initialised before it listens. */
  onModuleInit(): Promise<void> {
    this.starting ??= this.start().catch(async (error: unknown) => {
      // Nest runs no shutdown hooks after a failed boot.
      await this.close();
      throw error;
    });
    return this.starting;
  }

  onApplicationBootstrap(): void {
    const listeners = this.listeners;
    this.listeners = [];
    for (const { service, call } of listeners) this.subscriptions.add(this.handles.of(service), call);
    const names = this.handles.names.filter((name) => this.handles.optionsOf(name).zone === 'auto');
    if (names.length > 0 && this.locality.zone === undefined)
      this.logger.warn(
        `Services ${names.join(', ')} have \`zone: 'auto'\`, but SidekickModule has no \`service\` with a \`zone\` in this application: their endpoints are picked from all zones.`,
      );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async start(): Promise<void> {
    this.usages.checkHandlers();
    this.checkKeys();
    this.listeners = new ServiceChangeExplorer(this.modules, this.logger).listeners();
    for (const { service, where } of [...this.usages.usages(), ...this.listeners]) {
      if (!this.handles.knows(service)) throw new UnknownServiceError(service, this.handles.names, where);
      this.handles.of(service);
    }
    const handles = this.handles.current;
    const deps = { clock: this.clock, random: Math.random, logger: this.logger };
    this.pooled = await registryPool.acquire(this.source, deps, this.modules.applicationId);
    await this.cache.start(this.pooled.registry);
    await this.caches.open();
    if (
      (this.options.enabled ?? PILOTED_DEFAULTS.enabled) &&
      (this.options.sighup ?? PILOTED_DEFAULTS.sighup)
    )
      this.endSighup = onSighup(() => void this.refreshes.run(() => this.refresh()));
    await this.boot(handles);
  }

  /** A handler's parameter receives an endpoint without a key. */
  private checkKeys(): void {
    for (const { service, kind, where } of this.usages.usages())
      if (kind === 'endpoint' && this.handles.balancerOf(service) === 'maglev')
        throw new InvalidOptionError(
          `Expected service "${service}" of @Service on a parameter of ${where} to have a balancer that needs no key, got maglev. Inject the ServiceHandle in the constructor and call its pick(key).`,
        );
  }

  private async boot(handles: readonly ServiceHandle[]): Promise<void> {
    const mode = this.options.boot ?? PILOTED_DEFAULTS.boot;
    if (mode === 'empty') return;
    const timeout = this.options.bootTimeout ?? PILOTED_DEFAULTS.bootTimeout;
    const what = 'Reading the first list of each service';
    try {
      await attempt({ clock: this.clock, timeoutMs: timeout * 1_000, what }, () =>
        Promise.all(handles.map((handle) => handle.firstAnswer())),
      );
    } catch (error) {
      const missing = handles.filter(({ answered }) => !answered);
      const cause = missing.find((handle) => handle.error)?.error ?? (error as Error);
      if (mode === 'fail') throw this.unavailable(cause);
      // An application that closes during the boot retries nothing.
      if (!this.closed) this.warnOfMissing(missing, timeout, cause);
    }
  }

  /** A list of the snapshot has an age before the registry has answered. */
  private warnOfMissing(missing: readonly ServiceHandle[], timeout: number, cause: Error): void {
    const of = (names: readonly ServiceHandle[]): string => names.map(({ name }) => `"${name}"`).join(', ');
    const got = (names: readonly ServiceHandle[]): string =>
      `Got no list of ${of(names)} from the registry within ${timeout} s`;
    const without = missing.filter(({ age }) => age === undefined);
    if (without.length > 0)
      this.logger.warn(`${got(without)}; the boot continues without it, retrying: ${cause.message}`);
    const stored = missing.filter(({ age }) => age !== undefined);
    const ages = stored.map(({ name, age = 0 }) => `"${name}" ${Math.round(age)} s old`).join(', ');
    if (stored.length > 0)
      this.logger.warn(
        `${got(stored)}; the boot continues with the list of the snapshot (${ages}), retrying: ${cause.message}`,
      );
  }

  private unavailable(cause: Error): SidekickError {
    const { url } = this.source;
    return cause instanceof SidekickError
      ? cause
      : new RegistryUnavailableError(url, [{ endpoint: url, error: cause }], { cause });
  }

  private async refresh(): Promise<void> {
    try {
      await this.config.reload();
      await this.handles.configure(this.config.services);
      await this.discovery.refresh();
    } catch (error) {
      this.logger.warn(
        `Refresh after SIGHUP failed; the last lists stay in use: ${(error as Error).message}`,
      );
    }
  }

  private async close(): Promise<void> {
    this.closed = true;
    this.endSighup?.();
    this.handles.close();
    await this.locality.close();
    await this.caches.close();
    await this.cache.close();
    await this.pooled?.release();
  }
}
