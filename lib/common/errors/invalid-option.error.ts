import { SidekickError } from './sidekick.error.js';

/** An option, a URL or an argument is invalid. Thrown before anything is started or sent. */
export class InvalidOptionError extends SidekickError {
  readonly code: string = 'SIDEKICK_INVALID_OPTION';
}
