import { type InjectionToken, type ModuleMetadata, type Type } from '@nestjs/common';
import { type BalancerOption } from '../balancing/create-balancer.js';
import { type Logger } from '../common/logger.js';
import { type RegistrySource } from '../registry/registry-source.js';

/** A service and the selection of its endpoints. */
export interface ServiceOptions {
  readonly name: string;
  /** Only endpoints that carry this tag. */
  readonly tag?: string;
  /** Consul datacenter. */
  readonly dc?: string;
  /** Only endpoints of this zone while it has any; all of them otherwise. */
  readonly zone?: string;
  /**
   * Seconds of silence of the watch, at least 1, after which the service is listed again.
   *
   * @default the watch alone
   */
  readonly interval?: number;
  /** @default the module's `balancer` */
  readonly balancer?: BalancerOption;
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
   * The known services. Any other name is an `UnknownServiceError`.
   *
   * @default any service, on demand
   */
  readonly services?: readonly (string | ServiceOptions)[];
  /** @default 'round-robin' */
  readonly balancer?: BalancerOption;
  /** @default 'wait' */
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
  /** @default Nest's logger, with the context `Piloted` */
  readonly logger?: Logger;
}

/** Makes options for `forRootAsync` with `useClass` or `useExisting`. */
export interface PilotedOptionsFactory {
  createPilotedOptions(): PilotedModuleOptions | Promise<PilotedModuleOptions>;
}

/** Options of `PilotedModule.forRootAsync`, with exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface PilotedModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => PilotedModuleOptions | Promise<PilotedModuleOptions>;
  readonly useClass?: Type<PilotedOptionsFactory>;
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
