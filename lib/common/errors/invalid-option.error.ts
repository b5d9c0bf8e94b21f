import { SidekickError } from './sidekick.error.js';

/** An option, URL or argument is not what was expected. Thrown before anything is started or sent. */
export class InvalidOptionError extends SidekickError {
  readonly code: string = 'SIDEKICK_INVALID_OPTION';
}
