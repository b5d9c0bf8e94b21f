/** The checked options. */
export const PILOTED_OPTIONS = Symbol('nestjs-sidekick:piloted-options');

/** Where the module writes. */
export const PILOTED_LOGGER = Symbol('nestjs-sidekick:piloted-logger');

/** The directory of last good lists. */
export const PILOTED_DIRECTORY = Symbol('nestjs-sidekick:piloted-directory');

/** The registry that is meant, not opened yet. */
export const PILOTED_SOURCE = Symbol('nestjs-sidekick:piloted-source');
