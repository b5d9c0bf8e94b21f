/**
 * Injection token of the options that `SidekickModule.forRoot` or `forRootAsync` was given. A test gives other options by
 * `overrideProvider(SIDEKICK_OPTIONS).useValue({ … })`; they are checked like the first.
 */
export const SIDEKICK_OPTIONS = Symbol('nestjs-sidekick:options');

/** The loaded ContainerPilot configuration, or undefined. */
export const SIDEKICK_CONFIG = Symbol('nestjs-sidekick:sidekick-config');

/** The opened registry with its release. */
export const SIDEKICK_REGISTRY = Symbol('nestjs-sidekick:sidekick-registry');

/** The keeper. */
export const SIDEKICK_REGISTRAR = Symbol('nestjs-sidekick:keeper');

/** The logger that can be replaced at run time. */
export const SIDEKICK_LOGGER = Symbol('nestjs-sidekick:sidekick-logger');

/** The URL of the registry without secrets, for messages. */
export const SIDEKICK_REGISTRY_URL = Symbol('nestjs-sidekick:sidekick-registry-url');

/** The clock of what is waited for at boot and at shutdown. */
export const SIDEKICK_CLOCK = Symbol('nestjs-sidekick:sidekick-clock');
