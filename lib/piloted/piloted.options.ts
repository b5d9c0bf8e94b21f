import { type InjectionToken, type ModuleMetadata, type Type } from '@nestjs/common';
import { type BalancerOption } from '../balancing/create-balancer.js';
import { type OutlierDetectionOptions } from '../balancing/outliers/outlier-options.js';
import { type RetryOptions } from '../balancing/retry-options.js';
import { type ServiceName } from '../common/declared-names.js';
import { type Logger } from '../common/logger.js';
import { type FixedInstance } from '../registries/fixed/fixed.js';
import { type RegistrySource } from '../registry/registry-source.js';

/** A service, the selection of its endpoints, and how they are chosen from. */
export interface ServiceOptions {
  /** Name of the service in the registry. */
  readonly name: ServiceName;
  /**
   * The registries that have the service, in order: URLs or results of driver functions. The list is the union of theirs,
   * with one endpoint for each address and port, of the first registry that has it.
   *
   * @default the module's `registry`
   */
  readonly registry?: string | RegistrySource | readonly (string | RegistrySource)[];
  /** Only endpoints that carry this tag. */
  readonly tag?: string;
  /** Consul datacenter. */
  readonly dc?: string;
  /**
   * The zone of this process. Its endpoints are picked while at least half of them are healthy, all endpoints otherwise.
   * `'auto'` is the zone of SidekickModule's `service`.
   *
   * @default any zone
   */
  readonly zone?: string;
  /**
   * Seconds of silence of the watch, at least 1, after which the service is listed again.
   *
   * @default the watch alone
   */
  readonly interval?: number;
  /**
   * How the next endpoint is chosen: the name of a strategy, or a `Balancer` or a factory of your own.
   *
   * @default the module's `balancer`
   */
  readonly balancer?: BalancerOption;
  /**
   * Number of endpoints that this process uses of the service: a deterministic subset, which differs from process to
   * process. Not below processes × subset ≈ 20 × endpoints.
   *
   * @default all of them
   */
  readonly subset?: number;
  /**
   * Seconds over which the share of an endpoint that joins after the first list, or returns from an ejection, grows from
   * a tenth to its full weight. Not with `maglev` and `pick-first`.
   *
   * @default 0
   */
  readonly slowStart?: number;
  /**
   * Leaves out endpoints whose calls fail. Only calls that are reported count: those of the integrations, of
   * `ServiceHandle.call` and of `ServiceHandle.start`.
   *
   * @default true
   */
  readonly outlierDetection?: boolean | OutlierDetectionOptions;
  /**
   * Repeats failed calls at another endpoint, where that is safe. False repeats none.
   *
   * @default true
   */
  readonly retry?: boolean | RetryOptions;
  /**
   * Endpoints that are used while the registry has never answered or the list is empty: `host:port`, or their fields.
   *
   * @default none
   */
  readonly fallback?: readonly FixedInstance[];
}

/**
 * How the boot treats the first lists. `wait`: waits up to `bootTimeout` and continues without those that are missing.
 * `empty`: continues at once with empty lists. `fail`: waits up to `bootTimeout` and fails when a list is missing.
 */
export type BootMode = 'wait' | 'empty' | 'fail';

/** Treats a mass expiry of endpoints as a registry problem rather than as instances going down. */
export interface ExpiryGuard {
  /**
   * Share of a service's endpoints, from 0 to 1, that may expire within one window. One endpoint always may.
   *
   * @default 0.15
   */
  readonly threshold?: number;
  /**
   * Length of the window in seconds.
   *
   * @default 10
   */
  readonly window?: number;
  /**
   * Seconds that endpoints beyond the threshold stay in use.
   *
   * @default 30
   */
  readonly grace?: number;
}

/** Options of `PilotedModule.forRoot`. */
export interface PilotedModuleOptions {
  /**
   * URL of the registry, or the result of a driver function.
   *
   * @default the variable `SIDEKICK_REGISTRY`, or `file:` when it is not set
   */
  readonly registry?: string | RegistrySource;
  /**
   * Path of a containerpilot.json or .json5. Its watches are the services, and its registry is used unless `registry` is
   * given. `''` is the file that the variable `CONTAINERPILOT` names. Without the option, that file is read when the
   * variable is set.
   */
  readonly config?: string;
  /**
   * False opens no registry, reads no `config` or `snapshot` and does not wait: every list is empty. For scripts and
   * tests.
   *
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * The known services: names, or objects with options. Any other name is an `UnknownServiceError`.
   *
   * @default any service, on demand
   */
  readonly services?: readonly (ServiceName | ServiceOptions)[];
  /**
   * How the next endpoint of a service is chosen: the name of a strategy, or a `Balancer` or a factory of your own.
   *
   * @default 'round-robin'
   */
  readonly balancer?: BalancerOption;
  /**
   * `wait` waits up to `bootTimeout` for the first lists and continues without those that are missing, `empty` continues at
   * once with empty lists, `fail` fails the boot without them.
   *
   * @default 'wait'
   */
  readonly boot?: BootMode;
  /**
   * Seconds that the boot, and a caller that picks before the first list, waits for it.
   *
   * @default 5
   */
  readonly bootTimeout?: number;
  /**
   * Path of the file that stores the last good lists, for a start while the registry is down.
   *
   * @default no file
   */
  readonly snapshot?: string;
  /**
   * Whether SIGHUP reads `config` again and refreshes every list.
   *
   * @default true
   */
  readonly sighup?: boolean;
  /**
   * CIDRs that contain the address of every endpoint. An endpoint outside of them is left out with a warning.
   *
   * @default any address
   */
  readonly allow?: readonly string[];
  /**
   * Keeps endpoints that expire together. True enables it with its defaults.
   *
   * @default false
   */
  readonly expiryGuard?: boolean | ExpiryGuard;
  /**
   * Logger of the module.
   *
   * @default Nest's logger, with the context `Piloted`
   */
  readonly logger?: Logger;
}

/** Makes options for `forRootAsync` with `useClass` or `useExisting`. */
export interface PilotedOptionsFactory {
  /** Called once at boot. */
  createPilotedOptions(): PilotedModuleOptions | Promise<PilotedModuleOptions>;
}

/** Options of `PilotedModule.forRootAsync`, with exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface PilotedModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Providers that `useFactory` gets as arguments. */
  readonly inject?: InjectionToken[];
  /** Makes the options from the providers of `inject`. */
  readonly useFactory?: (...args: never[]) => PilotedModuleOptions | Promise<PilotedModuleOptions>;
  /** A class whose instance creates the options. The module makes the instance. */
  readonly useClass?: Type<PilotedOptionsFactory>;
  /** A provider of `imports` that creates the options. */
  readonly useExisting?: Type<PilotedOptionsFactory>;
}

/** The defaults of PilotedModule. */
export const PILOTED_DEFAULTS = Object.freeze({
  enabled: true,
  balancer: 'round-robin',
  boot: 'wait',
  /** Seconds. */
  bootTimeout: 5,
  sighup: true,
} as const);
