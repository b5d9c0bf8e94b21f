import { type InjectionToken, type ModuleMetadata, type Type } from '@nestjs/common';
import { type Logger } from '../common/logger.js';
import { type RegistrySource } from '../registry/registry-source.js';

/**
 * A value that is kept under a key: a string, or the function that computes it. The function is called for the first
 * write and with every `updateInterval`, never twice at a time. Its signal is aborted when an `updateInterval` has
 * passed, and when the result is no longer of use; the last value is kept then.
 */
export type Value = string | ((signal: AbortSignal) => string | Promise<string>);

/** How long an entry lives without its holder, and how often its value is computed. */
export interface HeartbeatOptions {
  /** Seconds an entry outlives its last renewal: an integer from 2 to 2,000,000. 10 by default. */
  readonly ttl?: number;
  /**
   * Seconds between two computations of the value, and how long one computation may take: 1 to 2,000,000. 8 by default.
   */
  readonly updateInterval?: number;
  /** Refuse to start while another live holder has the key, where by default the one who starts last has it. */
  readonly exclusive?: boolean;
}

/** An instance of a service, as it is announced. */
export interface ServiceAnnouncement {
  /** What others find it by. */
  readonly name: string;
  /** Unique within the service. Made of the host's name, the process and a random part by default. */
  readonly id?: string;
  /**
   * Where others reach it: an IP address or hostname. By default the address the HTTP server is bound to; where that
   * is a wildcard, the first match of `interfaces`.
   */
  readonly address?: string;
  /** ContainerPilot's interface specifications; `eth0:inet`, then `inet`, then loopback by default. */
  readonly interfaces?: readonly string[];
  /** 1 to 65535. By default the port that the HTTP server is bound to; without an HTTP server it must be given. */
  readonly port?: number;
  /** Further named ports. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** Relative share of the traffic, a whole number from 0 to 65535; 1 by default. */
  readonly weight?: number;
  /** Where it runs, for balancers that prefer what is near. */
  readonly zone?: string;
}

/** Options of `SidekickModule.forRoot`. */
export interface SidekickModuleOptions extends HeartbeatOptions {
  /** URL of the registry, or what a driver function returned. `SIDEKICK_REGISTRY`, or else `file:`, by default. */
  readonly registry?: string | RegistrySource;
  /**
   * Path of a ContainerPilot configuration, whose jobs or services with a port are announced, and whose registry is
   * used unless `registry` is given. `''` stands for the variable `CONTAINERPILOT`.
   */
  readonly config?: string;
  /** Keep this key. */
  readonly key?: string;
  /** What to keep under `key`; empty by default. */
  readonly value?: Value;
  /** Announce this instance once its port accepts connections. */
  readonly service?: ServiceAnnouncement;
  /** Whether a first write that fails fails the boot (true, the default), or is tried again for as long as it takes. */
  readonly failFast?: boolean;
  /**
   * False: opens no registry, reads no `config` and registers nothing; `Sidekick` does nothing, as after `stop()`. For
   * scripts and tests.
   *
   * @default true
   */
  readonly enabled?: boolean;
  /** Seconds that requests are still served after the instance has been withdrawn at shutdown; 0 by default. */
  readonly drain?: number;
  /**
   * Beat from a worker thread, so that an event loop that is blocked costs no key. Needs `registry` to be a URL of
   * something outside this process. False by default.
   */
  readonly isolate?: boolean;
  /**
   * With `isolate`: seconds the main thread may hang before everything is withdrawn, until it is back, so that a dead
   * application does not stay registered. 30 by default.
   */
  readonly maxHang?: number;
  /** Where the module writes; Nest's own logger by default. */
  readonly logger?: Logger;
}

/** Makes options for `forRootAsync` with `useClass` or `useExisting`. */
export interface SidekickOptionsFactory {
  createSidekickOptions(): SidekickModuleOptions | Promise<SidekickModuleOptions>;
}

/** Options of `SidekickModule.forRootAsync`: one of the three `use…`. */
export interface SidekickModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => SidekickModuleOptions | Promise<SidekickModuleOptions>;
  readonly useClass?: Type<SidekickOptionsFactory>;
  readonly useExisting?: Type<SidekickOptionsFactory>;
}
