import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Registrar } from '../registration/registrar.js';
import { type Clock } from '../common/clock.js';
import { pause } from '../common/async/deadline.js';
import { RegistryUnavailableError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { type SharedRegistry } from '../registry/registry-pool.js';
import { ElectionJobs } from './elections/election-jobs.js';
import { findHeartbeats } from './find-heartbeats.js';
import { warnWhenIdle } from './idle-warning.js';
import { ownServer, type OwnServer } from './own-server.js';
import { plannedServices } from './planned-service.js';
import { ServiceRegistration } from './service-registration.js';
import { SIDEKICK_DEFAULTS } from './sidekick.defaults.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { ownInstanceOf } from '../nest/own-instance.js';
import { Sidekick } from './sidekick.service.js';
import {
  SIDEKICK_WAIT_CLOCK,
  SIDEKICK_CONFIG,
  SIDEKICK_REGISTRAR,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY,
} from './sidekick.tokens.js';

/**
 * Binds registrations and elections to Nest's lifecycle. Keys are registered in `onModuleInit`, services once their port
 * accepts connections; elections begin at `onApplicationBootstrap`. At shutdown all entries are deregistered and leadership
 * is released before any other provider is destroyed.
 */
@Injectable()
export class SidekickLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly shutdown = new AbortController();
  private readonly registrations: readonly ServiceRegistration[];
  private readonly failFast: boolean;
  private starting: Promise<void> | undefined;
  private server: OwnServer | undefined;
  private listening: Promise<void> | undefined;
  private hasBooted = false;
  private refused = false;
  private removeGate: () => void = () => undefined;
  private showShutdown: () => Promise<void> = () => Promise.resolve();
  private sessionReleases: (() => void)[] = [];

  constructor(
    @Inject(SIDEKICK_OPTIONS) private readonly options: SidekickModuleOptions,
    @Inject(SIDEKICK_REGISTRY) private readonly registry: SharedRegistry | undefined,
    @Inject(SIDEKICK_REGISTRAR) private readonly registrar: Registrar,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
    @Inject(Sidekick) private readonly sidekick: Sidekick,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(SIDEKICK_CONFIG) config: ContainerPilotConfig | undefined,
    @Inject(SIDEKICK_WAIT_CLOCK) private readonly clock: Clock,
    @Inject(ElectionJobs) private readonly jobs: ElectionJobs,
  ) {
    this.failFast = options.failFast ?? SIDEKICK_DEFAULTS.failFast;
    const deps = {
      clock,
      logger,
      sidekick,
      failFast: this.failFast,
      shutdown: this.shutdown.signal,
      onSettled: () => this.sessionReleases.pop()?.(),
    };
    this.registrations = plannedServices(options, config).map(
      (planned) => new ServiceRegistration(deps, planned),
    );
    const [first] = this.registrations;
    if (first) ownInstanceOf(modules).set(first.instance);
    // Nest runs hooks by distance from the root module. This module starts last, when values can be computed, and stops
    // first, while the application still serves requests.
    for (const module of modules.values()) if (module.hasProvider(SidekickLifecycle)) module.distance = -1;
  }

  /** A second call waits for the first: Nest runs the hooks twice when a microservice is initialised before it listens. */
  onModuleInit(): Promise<void> {
    this.starting ??= this.start().catch(async (error: unknown) => {
      if (this.hasStopped) return;
      // Nest runs no shutdown hooks after a failed boot, so clean up here.
      this.refused = true;
      this.explain(error);
      await this.close();
      await this.showShutdown();
      throw error;
    });
    return this.starting;
  }

  onApplicationBootstrap(): void {
    if (this.hasBooted || this.hasStopped) return;
    this.hasBooted = true;
    for (const registration of this.registrations) registration.booted(this.server !== undefined);
    this.jobs.start();
    if (this.isIdle()) warnWhenIdle(this.modules, this.jobs, this.logger);
  }

  /** From its first line on no job starts, although the ticks of `@nestjs/schedule` continue until a later hook. */
  async onModuleDestroy(): Promise<void> {
    const drain = this.options.drain ?? SIDEKICK_DEFAULTS.drain;
    const drains = !this.refused && this.isServing();
    await Promise.all([this.close(), drains && this.drain(drain)]);
    await this.showShutdown();
  }

  /**
   * Whether the application closes, or `Sidekick.stop()` was called. What ends for this reason during the boot does not fail
   * it: an error would end the process before the shutdown hooks of the other providers.
   */
  private get hasStopped(): boolean {
    // With `enabled: false` Sidekick is stopped from the start, and decorators are still checked.
    return this.shutdown.signal.aborted || (this.options.enabled !== false && this.sidekick.stopped);
  }

  /** Whether no option and no `@Heartbeat` registers anything. */
  private isIdle(): boolean {
    const { enabled, key } = this.options;
    return (
      enabled !== false &&
      key === undefined &&
      this.registrations.length === 0 &&
      this.sidekick.beats.length === 0
    );
  }

  /** Whether clients that found an entry of this application in the registry may call it. */
  private isServing(): boolean {
    if (this.registrations.some(({ begun }) => begun)) return true;
    return this.server?.bound !== undefined && this.sidekick.beats.length > 0;
  }

  private async drain(seconds: number): Promise<void> {
    await this.sidekick.deregister();
    if (seconds === 0) return;
    this.logger.log(`Deregistered; still serving requests for ${seconds} s.`, { event: 'drain', seconds });
    await pause(this.clock, seconds * 1000);
  }

  private async start(): Promise<void> {
    if (this.hasStopped) return;
    const { key, value, drain, ttl = SIDEKICK_DEFAULTS.ttl } = this.options;
    this.server = ownServer(this.host, this.modules);
    for (const registration of this.registrations) this.check(registration);
    const elects = this.jobs.observe();
    if (this.server && this.registrations.length > 0) this.removeGate = this.server.gate(() => this.admit());
    if (this.server && drain !== undefined && drain > 0) this.showShutdown = this.server.hideShutdown();
    const heartbeats = findHeartbeats(this.modules, key);
    const registers = key !== undefined || heartbeats.length > 0 || this.registrations.length > 0;
    // In parallel: with an unreachable registry the boot waits for one timeout, not for one per key.
    await Promise.all([
      ...(key === undefined ? [] : [this.sidekick.registerPrimary(key, value ?? '')]),
      ...heartbeats.map((method) => this.sidekick.keep(method.key, method.value, method.options)),
      ...this.registrations.map(({ ttl }) => this.connect(ttl)),
      ...(elects && !registers ? [this.connect(ttl).then(() => this.sessionReleases.pop()?.())] : []),
    ]);
  }

  /** Fails the boot for errors that are known before the server listens. */
  private check(registration: ServiceRegistration): void {
    const hasServer = this.server !== undefined;
    registration.checkPort(hasServer);
    if (this.failFast) registration.checkAddress(hasServer);
  }

  /** Opens the session before the service is registered, so that an unreachable registry fails the boot. */
  private async connect(ttl: number): Promise<void> {
    try {
      this.sessionReleases.push(await this.registrar.connect(ttl));
    } catch (error) {
      if (this.failFast) throw error;
      // An application that closes during the boot retries nothing.
      if (this.shutdown.signal.aborted) return;
      this.logger.warn(`${(error as Error).message} Retrying.`);
    }
  }

  /** Runs while `app.listen()` waits. @throws the error that fails the boot */
  private async admit(): Promise<void> {
    this.listening = this.register();
    try {
      await this.listening;
    } catch (error) {
      if (this.hasStopped) return;
      this.refused = true;
      this.explain(error);
      await this.close();
      throw error;
    }
  }

  /** The error says that the registry is not reachable, not why that fails the boot. */
  private explain(error: unknown): void {
    if (!this.failFast || !(error instanceof RegistryUnavailableError)) return;
    this.logger.error(
      'The boot fails because the first write did not reach the registry and `failFast` is true. With `failFast: false` the application boots, and the write is retried until it succeeds.',
    );
  }

  private async register(): Promise<void> {
    const bound = this.server?.bound;
    await Promise.all(this.registrations.map((registration) => registration.listening(bound)));
  }

  private async close(): Promise<void> {
    this.shutdown.abort();
    this.removeGate();
    const grace = this.options.grace ?? SIDEKICK_DEFAULTS.grace;
    const stopped = this.sidekick.stop();
    await Promise.all([stopped, this.jobs.settle(grace * 1_000)]);
    this.jobs.close();
    await this.listening?.catch(() => undefined);
    await Promise.all(this.registrations.map((registration) => registration.close()));
    await this.registry?.release();
  }
}
