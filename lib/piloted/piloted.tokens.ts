/**
 * Injection token of the options that `PilotedModule.forRoot` or `forRootAsync` was given. A test gives other options by
 * `overrideProvider(PILOTED_OPTIONS).useValue({ … })`; they are checked like the first.
 */
export const PILOTED_OPTIONS = Symbol('nestjs-sidekick:piloted-options');

/** Where the module writes. */
export const PILOTED_LOGGER = Symbol('nestjs-sidekick:piloted-logger');

/** The directory of last good lists. */
export const PILOTED_CACHE = Symbol('nestjs-sidekick:piloted-directory');

/** The registry that is meant, not opened yet. */
export const PILOTED_SOURCE = Symbol('nestjs-sidekick:piloted-source');
