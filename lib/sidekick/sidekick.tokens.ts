/**
 * Injection token of the options of `SidekickModule.forRoot` or `forRootAsync`. A test overrides them with
 * `overrideProvider(SIDEKICK_OPTIONS).useValue({ … })`; they are checked in the same way.
 */
export const SIDEKICK_OPTIONS = Symbol('nestjs-sidekick:options');

/** The loaded ContainerPilot configuration; undefined without `config`. */
export const SIDEKICK_CONFIG = Symbol('nestjs-sidekick:sidekick-config');

/** The shared connection to the registry; undefined with `isolate` or `enabled: false`. */
export const SIDEKICK_REGISTRY = Symbol('nestjs-sidekick:sidekick-registry');

/** The registrar. */
export const SIDEKICK_REGISTRAR = Symbol('nestjs-sidekick:registrar');

/** The client of elections and locks. */
export const SIDEKICK_ELECTIONS = Symbol('nestjs-sidekick:elections');

/** The logger, which `Sidekick.setLogger` replaces. */
export const SIDEKICK_LOGGER = Symbol('nestjs-sidekick:sidekick-logger');

/** The URL of the registry without secrets, for messages. */
export const SIDEKICK_REGISTRY_URL = Symbol('nestjs-sidekick:sidekick-registry-url');

/**
 * Injection token of the clock of the module. A test that must not wait overrides it with a `VirtualClock` of
 * `nestjs-sidekick/testing`.
 */
export const SIDEKICK_CLOCK = Symbol('nestjs-sidekick:sidekick-clock');

/** The clock of the waits at boot and at shutdown: {@link SIDEKICK_CLOCK}, unless a test replaces it alone. */
export const SIDEKICK_WAIT_CLOCK = Symbol('nestjs-sidekick:sidekick-wait-clock');

/** The registry of the module, which is opened later: `{ source }`; undefined with `enabled: false`. */
export const SIDEKICK_SOURCE = Symbol('nestjs-sidekick:sidekick-source');
/** The worker thread; undefined without `isolate`, and with `enabled: false`. */
export const SIDEKICK_WORKER = Symbol('nestjs-sidekick:worker');
