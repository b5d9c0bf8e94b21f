import { SidekickError } from './sidekick.error.js';

/** The object was used after it had been closed. */
export class ClosedError extends SidekickError {
  readonly code = 'SIDEKICK_CLOSED';

  constructor(what: string) {
    super(`${what} has been closed.`);
  }
}
