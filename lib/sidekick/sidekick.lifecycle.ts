import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { type Subscription } from 'rxjs';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Keeping } from '../heartbeat/keeping.js';
import { systemClock } from '../kernel/clock.js';
import { pause } from '../kernel/deadline.js';
import { expected } from '../kernel/expected.js';
import { type Logger } from '../kernel/logger.js';
import { type PooledRegistry } from '../registry/pool.js';
import { accepting } from './accepting.js';
import { announcedAddress, type Bound } from './announcement.js';
import { HeartbeatExplorer } from './heartbeat.explorer.js';
import { SIDEKICK_DEFAULTS } from './sidekick.defaults.js';
import { type PlannedService, plannedServices } from './planned-service.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';
import {
  SIDEKICK_CONFIG,
  SIDEKICK_KEEPER,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY,
} from './sidekick.tokens.js';

/** A `node:http` server as far as we need one. */
interface Listening {
  address(): string | { readonly address: string; readonly port: number } | null;
}

/**
 * Ties the heartbeat to Nest's life cycle: keys start in `onModuleInit`, the service once its port accepts
 * connections; at shutdown everything is withdrawn before anything else of the application ends.
 */
@Injectable()
export class SidekickLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly leaving = new AbortController();
  private readonly announcing = new Set<Promise<void>>();
  private readonly planned: readonly PlannedService[];
  private announced = false;
  private listening: Subscription | undefined;
  private leaveSessions: (() => void)[] = [];

  constructor(
    @Inject(SIDEKICK_OPTIONS) private readonly options: SidekickModuleOptions,
    @Inject(SIDEKICK_REGISTRY) private readonly registry: PooledRegistry | undefined,
    @Inject(SIDEKICK_KEEPER) private readonly keeper: Keeping,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
    @Inject(Sidekick) private readonly sidekick: Sidekick,
    @Inject(HeartbeatExplorer) private readonly explorer: HeartbeatExplorer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(SIDEKICK_CONFIG) config: ContainerPilotConfig | undefined,
  ) {
    this.planned = plannedServices(options, config);
    // Hooks run by distance from the root module: the last to start, when values can be computed, and the first to
    // stop, while the application still serves.
    for (const module of modules.values()) if (module.hasProvider(SidekickLifecycle)) module.distance = -1;
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      // Nest runs no shutdown hooks after a failed boot: nothing may stay half started.
      await this.close();
      throw error;
    }
  }

  onApplicationBootstrap(): void {
    if (this.planned.length === 0) return;
    if (!this.hasServer()) {
      for (const planned of this.planned) this.announceWhenAccepting(planned);
    } else if (this.host.listening) this.announceListening();
    else {
      this.listening = this.host.listen$.subscribe(() => {
        this.announceListening();
      });
    }
  }

  async onModuleDestroy(): Promise<void> {
    const drain = this.options.drain ?? SIDEKICK_DEFAULTS.drain;
    const served = this.announced;
    await this.close();
    if (served && drain > 0) {
      this.logger.log(`Withdrawn; still serving for ${drain} s.`);
      await pause(systemClock, drain * 1000);
    }
  }

  private async start(): Promise<void> {
    const { key, value } = this.options;
    for (const { service } of this.planned) {
      if (service.port === undefined && !this.hasServer()) {
        throw expected('service.port', 'given where there is no HTTP server to take it from', service.port);
      }
    }
    // All at once: where the registry does not answer, a boot waits for it once and not key by key.
    await Promise.all([
      ...(key === undefined ? [] : [this.sidekick.keepPrimary(key, value ?? '')]),
      ...this.explorer.explore().map((beat) => this.sidekick.keep(beat.key, beat.value, beat.options)),
      ...this.planned.map(({ keeping }) => this.connect(keeping.ttl ?? SIDEKICK_DEFAULTS.ttl)),
    ]);
  }

  /** A service is announced later, but whether its registry can be had decides the boot. */
  private async connect(ttl: number): Promise<void> {
    try {
      this.leaveSessions.push(await this.keeper.connect(ttl));
    } catch (error) {
      if (this.options.failFast ?? SIDEKICK_DEFAULTS.failFast) throw error;
      this.logger.warn(`${(error as Error).message} Trying again.`);
    }
  }

  private async close(): Promise<void> {
    this.leaving.abort();
    this.listening?.unsubscribe();
    await this.sidekick.stop();
    await Promise.all(this.announcing);
    await this.registry?.release();
  }

  private server(): Listening | undefined {
    const adapter = this.host.httpAdapter as { getHttpServer?: () => unknown } | undefined;
    const server = adapter?.getHttpServer?.() as Partial<Listening> | null | undefined;
    return typeof server?.address === 'function' ? (server as Listening) : undefined;
  }

  private hasServer(): boolean {
    return this.server() !== undefined;
  }

  private announceWhenAccepting(planned: PlannedService): void {
    const { service } = planned;
    const bound: Bound = { address: '', port: service.port ?? 0 };
    this.track(async () => {
      await accepting(announcedAddress(service, bound), bound.port, systemClock, this.leaving.signal);
      await this.announce(planned, bound);
    });
  }

  private announceListening(): void {
    const at = this.server()?.address();
    const bound: Bound | undefined = typeof at === 'object' ? (at ?? undefined) : undefined;
    for (const planned of this.planned) {
      const { service, probed } = planned;
      const port = bound?.port ?? service.port;
      if (port === undefined) {
        const got = typeof at === 'string' ? `the socket ${at}` : 'none';
        this.logger.error(
          `The service "${service.name}" is not announced: expected the server to listen on a port, got ${got}. Set \`service.port\`.`,
        );
      } else if (probed && service.port !== bound?.port) this.announceWhenAccepting(planned);
      else this.track(() => this.announce(planned, { address: bound?.address ?? '', port }));
    }
  }

  private track(run: () => Promise<void>): void {
    const running = run()
      // Only the shutdown ends the wait for a port.
      .catch(() => undefined)
      .finally(() => this.announcing.delete(running));
    this.announcing.add(running);
  }

  private async announce(planned: PlannedService, bound: Bound): Promise<void> {
    if (this.leaving.signal.aborted) return;
    this.announced = true;
    try {
      await this.sidekick.announcePrimary(planned.service, bound, planned.keeping, planned.hints);
    } catch (error) {
      this.logger.error(
        `Announcing the service "${planned.service.name}" failed: ${(error as Error).message}`,
      );
    } finally {
      this.leaveSessions.pop()?.();
    }
  }
}
