import { type InjectionToken, type ModuleMetadata, type Type } from '@nestjs/common';
import { type BalancerOption } from '../balancing/create-balancer.js';
import { type Logger } from '../common/logger.js';
import { type RegistrySource } from '../registry/registry-source.js';

/** A service and what of it is wanted. */
export interface ServiceOptions {
  readonly name: string;
  /** Only endpoints that carry this tag. */
  readonly tag?: string;
  /** Consul's datacenter. */
  readonly dc?: string;
  /** Only endpoints of this zone, for as long as it has any; then all of them. */
  readonly zone?: string;
  /** Seconds, at least 1, after which the registry is asked again when its watch has said nothing; no bound by default. */
  readonly interval?: number;
  /** The module's `balancer` by default. */
  readonly balancer?: BalancerOption;
}

/**
 * What a boot does about the first lists: `wait` for them up to `bootTimeout` and go on without those that are missing,
 * go on at once with `empty` ones, or wait as long and `fail` where one is missing.
 */
export type BootMode = 'wait' | 'empty' | 'fail';

/** Doubts a registry that loses many endpoints of a service at once. */
export interface ExpiryGuard {
  /** Share of a service, from 0 to 1, that may expire within one window; 0.15 by default, and always one endpoint. */
  readonly threshold?: number;
  /** Seconds of the window; 10 by default. */
  readonly window?: number;
  /** Seconds for which those beyond stay in use; 30 by default. */
  readonly grace?: number;
}

/** Options of `PilotedModule.forRoot`. */
export interface PilotedModuleOptions {
  /** URL of the registry, or what a driver function returned. `SIDEKICK_REGISTRY`, or else `file:`, by default. */
  readonly registry?: string | RegistrySource;
  /**
   * Path of a containerpilot.json or .json5, whose watches are then the services, and whose registry is used unless
   * `registry` is given. `''` is the file that the variable `CONTAINERPILOT` names; when left out, that file is read
   * where the variable is set.
   */
  readonly config?: string;
  /**
   * False: asks no registry, reads no `config` or `snapshot`, and waits for nothing; every list is empty. For scripts
   * and tests.
   *
   * @default true
   */
  readonly enabled?: boolean;
  /** The services that there are; another name is then an UnknownServiceError. Left out: any, on demand. */
  readonly services?: readonly (string | ServiceOptions)[];
  /** `round-robin` by default. */
  readonly balancer?: BalancerOption;
  /** `wait` by default. */
  readonly boot?: BootMode;
  /** Seconds that a boot, and whoever asks for a service, waits for a first list; 5 by default. */
  readonly bootTimeout?: number;
  /** Path of the file in which the last good lists are kept for a start while the registry is down; none by default. */
  readonly snapshot?: string;
  /** Whether SIGHUP refreshes every list; true by default. */
  readonly sighup?: boolean;
  /** CIDRs that every endpoint must lie in; what lies outside is left out with a warning. Any address by default. */
  readonly allow?: readonly string[];
  /** Off by default; true for its defaults. */
  readonly expiryGuard?: boolean | ExpiryGuard;
  /** Where the module writes; Nest's own logger by default. */
  readonly logger?: Logger;
}

/** Makes options for `forRootAsync` with `useClass` or `useExisting`. */
export interface PilotedOptionsFactory {
  createPilotedOptions(): PilotedModuleOptions | Promise<PilotedModuleOptions>;
}

/** Options of `PilotedModule.forRootAsync`: one of the three `use…`. */
export interface PilotedModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => PilotedModuleOptions | Promise<PilotedModuleOptions>;
  readonly useClass?: Type<PilotedOptionsFactory>;
  readonly useExisting?: Type<PilotedOptionsFactory>;
}
