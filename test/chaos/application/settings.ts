import { type PilotedModuleOptions } from '../../../lib/piloted/piloted.options.js';
import { type HeartbeatOptions, type SidekickModuleOptions } from '../../../lib/sidekick/sidekick.options.js';
import { type Protection } from '../protection.js';

/** A key an application keeps. */
export interface KeptSettings extends HeartbeatOptions {
  readonly key: string;
  readonly value?: string;
}

/** Requests an application sends all the time. */
export interface RequestSettings {
  /** The service they go to, each to the endpoint picked for it. */
  readonly service: string;
  /** How many are under way at a time. */
  readonly atOnce: number;
}

/** Settings of an application. Plain data, since they go to another process. */
export interface ApplicationSettings {
  /** Its name in the recording. */
  readonly name: string;
  /** URL of the registry. */
  readonly registry: string;
  /** The seed of its random numbers. */
  readonly seed: number;
  /** The protections that are disabled. */
  readonly without: readonly Protection[];
  /** Options of `SidekickModule`; the module is left out where this and `keys` are. */
  readonly sidekick?: Omit<SidekickModuleOptions, 'registry' | 'logger'>;
  /** Kept from the boot on, each acknowledged before the application is ready. */
  readonly keys?: readonly KeptSettings[];
  /** Options of `PilotedModule`; the module is left out where this is. */
  readonly piloted?: Omit<PilotedModuleOptions, 'registry' | 'logger'>;
  /** Answers every HTTP request with its name, on a free loopback port, which its `sidekick.service` then announces. */
  readonly http?: boolean;
  /** Services it follows, and picks from every few milliseconds. */
  readonly follow?: readonly string[];
  /** Sends requests to a service it follows, from the boot to its end. */
  readonly requests?: RequestSettings;
}
