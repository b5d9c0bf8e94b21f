import { type ServiceName } from '../common/declared-names.js';

/**
 * Injection token of the options of `PilotedModule.forRoot` or `forRootAsync`. A test replaces them with
 * `overrideProvider(PILOTED_OPTIONS).useValue({ … })`, and they are validated like the original ones.
 */
export const PILOTED_OPTIONS = Symbol('nestjs-sidekick:piloted-options');

/**
 * Injection token of the clock of the module: of its watches, deadlines and ages. A test that must not wait overrides it with
 * a `VirtualClock` of `nestjs-sidekick/testing`.
 */
export const PILOTED_CLOCK = Symbol('nestjs-sidekick:piloted-clock');

/** Injection token of the module's logger. */
export const PILOTED_LOGGER = Symbol('nestjs-sidekick:piloted-logger');

/** Injection token of the service cache. */
export const PILOTED_CACHE = Symbol('nestjs-sidekick:piloted-cache');

/** Injection token of the registry source, which is opened later. */
export const PILOTED_SOURCE = Symbol('nestjs-sidekick:piloted-source');

/**
 * The injection token of the `ServiceHandle` of a service. A test provides or overrides it. The token names the module,
 * because Nest's error about a missing provider contains only the token.
 */
export function getServiceToken(name: ServiceName): string {
  return `nestjs-sidekick: service "${name}" of PilotedModule.forRoot()`;
}
