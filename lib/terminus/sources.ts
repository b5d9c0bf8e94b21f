import { Inject, Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { findProvider } from '../nest/find-provider.js';
import { type Clock, systemClock } from '../common/clock.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { type PilotedModuleOptions } from '../piloted/piloted.options.js';
import { PILOTED_OPTIONS } from '../piloted/piloted.tokens.js';
import { type LostReason } from '../registration/registration-machine.js';
import { type SharedRegistry } from '../registry/registry-pool.js';
import { sharedConnectionOf } from '../registry/shared-connection.js';
import { type SidekickModuleOptions } from '../sidekick/sidekick.options.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { SIDEKICK_CLOCK, SIDEKICK_OPTIONS, SIDEKICK_REGISTRY } from '../sidekick/sidekick.tokens.js';
import { type HeartbeatState } from './heartbeat-verdict.js';
import { type ServiceState } from './services-verdict.js';

/** Whether the registry of SidekickModule can be reached. */
export interface RegistryState {
  /** Without secrets. */
  readonly url: string;
  readonly unreachable: boolean;
  /** Milliseconds since its last return; `Infinity` if it never was away. */
  readonly reachableForMs: number;
  /** The message of the last error. */
  readonly error: string | undefined;
}

/** Milliseconds that a registration may take to return: the longest wait between two attempts, and the requests. */
const RETURN_MS = 10_000;

/** A registration that was lost. */
interface Loss {
  readonly reason: LostReason;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** What the indicators read. They ask no registry. Of a module that the application does not import, they know nothing. */
@Injectable()
export class HealthSources implements OnModuleInit {
  private readonly lost = new Map<string, Loss>();

  constructor(
    @Optional() @Inject(Sidekick) private readonly sidekick: Sidekick | undefined,
    @Optional() @Inject(DiscoveryService) private readonly discovery: DiscoveryService | undefined,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    this.sidekick?.events.subscribe(({ type, key, reason }) => {
      if (type === 'lost' && reason !== undefined) this.lost.set(key, { reason, at: this.clock.now() });
      else if (type !== 'late') this.lost.delete(key);
    });
  }

  heartbeat(leaving: boolean): HeartbeatState {
    const options = findProvider(this.modules, SIDEKICK_OPTIONS) as SidekickModuleOptions | undefined;
    const registry = this.registry();
    return {
      enabled: this.sidekick !== undefined && options?.enabled !== false,
      leaving,
      unreachable: registry?.unreachable,
      beats: this.sidekick?.beats ?? [],
      notReady: this.sidekick?.notReady ?? new Map<string, string>(),
      lost: new Map([...this.lost].map(([key, { reason }]) => [key, reason])),
      returning: this.returning(registry?.reachableForMs ?? Infinity),
    };
  }

  /** The registrations that the registry has removed, and that it has not had the time to take again. */
  private returning(reachableForMs: number): ReadonlySet<string> {
    const now = this.clock.now();
    return new Set(
      [...this.lost]
        .filter(([, { reason }]) => reason === 'expired' || reason === 'revoked')
        .filter(([, { at }]) => Math.min(now - at, reachableForMs) < RETURN_MS)
        .map(([key]) => key),
    );
  }

  private get clock(): Clock {
    return (findProvider(this.modules, SIDEKICK_CLOCK) as Clock | undefined) ?? systemClock;
  }

  /**
   * @param names the services; by default all that the application uses. Without PilotedModule their state is undefined: a
   * service that the application cannot work without must not seem to be there because nothing looks for it.
   */
  services(names: readonly string[] | undefined): ReadonlyMap<string, ServiceState | undefined> {
    const { discovery } = this;
    const options = findProvider(this.modules, PILOTED_OPTIONS) as PilotedModuleOptions | undefined;
    const states = new Map<string, ServiceState | undefined>();
    if (options?.enabled === false) return states;
    for (const name of names ?? discovery?.names() ?? [])
      states.set(name, discovery && stateOf(discovery, name));
    return states;
  }

  /** The registry of SidekickModule; undefined without the module, with `isolate` and with `enabled: false`. */
  registry(): RegistryState | undefined {
    const shared = findProvider(this.modules, SIDEKICK_REGISTRY) as SharedRegistry | undefined;
    if (!shared) return undefined;
    const { registry } = shared;
    const { reconnect } = sharedConnectionOf(registry, { clock: systemClock, random: Math.random });
    const { unreachable, reachableForMs, lastError } = reconnect;
    return { url: registry.url, unreachable, reachableForMs, error: lastError?.message };
  }
}

function stateOf(discovery: DiscoveryService, name: string): ServiceState | undefined {
  try {
    const { endpoints, stale, answered, age } = discovery.of(name);
    return { endpoints: endpoints.length, stale, answered, age };
  } catch {
    return undefined;
  }
}
