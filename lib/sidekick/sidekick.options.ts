import { type InjectionToken, type ModuleMetadata, type Type } from '@nestjs/common';
import { type ServiceName } from '../common/declared-names.js';
import { type Logger } from '../common/logger.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { type Ready } from './readiness.js';

/**
 * The value of a key: a string, or a function that computes it. The function is called for the first write and with every
 * `updateInterval`; calls never overlap. Its signal is aborted after one `updateInterval`, and when the result is no longer
 * needed. The last value then stays registered.
 */
export type Value = string | ((signal: AbortSignal) => string | Promise<string>);

/** Options of one registration. */
export interface HeartbeatOptions {
  /**
   * Seconds an entry outlives its last renewal: an integer from 2 to 2,000,000. The server may grant another TTL, which is
   * then used.
   *
   * @default 10
   */
  readonly ttl?: number;
  /**
   * Seconds between two computations of the value, and the timeout of one computation: 1 to 2,000,000.
   *
   * @default 8
   */
  readonly updateInterval?: number;
  /**
   * Whether to fail while another live session owns the key. By default the latest registration takes it over.
   *
   * @default false
   */
  readonly exclusive?: boolean;
}

/** An instance of a service to announce. */
export interface ServiceAnnouncement {
  /** Name by which clients discover the service. */
  readonly name: ServiceName;
  /**
   * Id of the instance, unique within the service.
   *
   * @default hostname, process id and a random part
   */
  readonly id?: string;
  /**
   * IP address or hostname at which clients reach the instance.
   *
   * @default the address the server is bound to; for a wildcard, the first match of `interfaces`
   */
  readonly address?: string;
  /**
   * ContainerPilot's interface specifications, in order of preference: `eth0`, `eth0[1]`, `eth0:inet6`, `10.0.0.0/16`,
   * `inet`, `inet6`, `static:IP`.
   *
   * @default `eth0:inet`, `inet`, then loopback
   */
  readonly interfaces?: readonly string[];
  /**
   * Port, 1 to 65535. Required when the application starts no HTTP, TCP or gRPC server.
   *
   * @default the port the server is bound to
   */
  readonly port?: number;
  /** Further ports by name. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Labels that clients can select instances by. */
  readonly tags?: readonly string[];
  /** Metadata for clients. */
  readonly meta?: Readonly<Record<string, string>>;
  /**
   * Relative share of the traffic, an integer from 0 to 65535.
   *
   * @default 1
   */
  readonly weight?: number;
  /** Zone in which the instance runs, for clients that prefer instances of their own zone. */
  readonly zone?: string;
  /**
   * Whether the instance can serve requests now. It is called when the server listens and with every `updateInterval`; calls
   * never overlap. While it returns false, throws or takes longer than `updateInterval`, the instance is deregistered, with one
   * WARN that names the reason. True registers it again. `failFast` does not apply to the answer: an application that is not
   * ready boots.
   *
   * @default the instance is registered as long as the application runs
   */
  readonly ready?: Ready;
}

/** Options of `SidekickModule.forRoot`. */
export interface SidekickModuleOptions extends HeartbeatOptions {
  /**
   * URL of the registry, or the result of a driver function.
   *
   * @default the environment variable `SIDEKICK_REGISTRY`, else `file:`
   */
  readonly registry?: string | RegistrySource;
  /**
   * Path of a ContainerPilot configuration. Its jobs or services with a port are announced, and its registry is used unless
   * `registry` is given. `''` takes the path from the environment variable `CONTAINERPILOT`.
   */
  readonly config?: string;
  /** Key to register. */
  readonly key?: string;
  /**
   * Value of `key`: a string of at most 64 KiB, or a function that computes it every `updateInterval`.
   *
   * @default ''
   */
  readonly value?: Value;
  /** This instance of a service, `{ name, id?, port?, … }`: registered once its port accepts connections. */
  readonly service?: ServiceAnnouncement;
  /**
   * Whether a failed first write fails the boot, and that of `service` fails `app.listen()`. False: the application boots,
   * and the write is retried until it succeeds.
   *
   * @default true
   */
  readonly failFast?: boolean;
  /**
   * False, for scripts and tests: the module opens no registry, reads no `config`, registers nothing and never leads, and
   * all methods of `Sidekick` do nothing.
   *
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Seconds for which requests are still served at shutdown, after all entries were deregistered and before the server
   * closes.
   *
   * @default 0
   */
  readonly drain?: number;
  /**
   * Seconds that running methods with `@LeaderOnly` and `@Locked` may take to end at shutdown, after their signals were
   * aborted. Leadership is released as soon as they have ended. That of a job which runs longer is left to expire.
   *
   * @default 5
   */
  readonly grace?: number;
  /**
   * Whether a worker thread renews the sessions, so that a blocked event loop loses neither a key nor leadership. `registry`
   * must be the URL of a registry outside this process.
   *
   * @default false
   */
  readonly isolate?: boolean;
  /**
   * With `isolate`: seconds the main thread may hang before all entries are deregistered and leadership ends until it
   * recovers, so that a dead application does not stay registered.
   *
   * @default 30
   */
  readonly maxHang?: number;
  /**
   * Logger of the module.
   *
   * @default Nest's logger, with the context `Sidekick`
   */
  readonly logger?: Logger;
}

/** Creates the options for `forRootAsync` with `useClass` or `useExisting`. */
export interface SidekickOptionsFactory {
  /** Called once at boot. */
  createSidekickOptions(): SidekickModuleOptions | Promise<SidekickModuleOptions>;
}

/** Options of `SidekickModule.forRootAsync`. Exactly one of the `use…` is required. */
export interface SidekickModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Providers that `useFactory` gets as arguments. */
  readonly inject?: InjectionToken[];
  /** Makes the options from the providers of `inject`. */
  readonly useFactory?: (...args: never[]) => SidekickModuleOptions | Promise<SidekickModuleOptions>;
  /** A class whose instance creates the options. The module makes the instance. */
  readonly useClass?: Type<SidekickOptionsFactory>;
  /** A provider of `imports` that creates the options. */
  readonly useExisting?: Type<SidekickOptionsFactory>;
}
