import { InvalidOptionError } from '../common/errors/index.js';

/** An update interval below one second. */
export class IntervalTooSmallError extends InvalidOptionError {
  override readonly code = 'SIDEKICK_INTERVAL_TOO_SMALL';

  /** @param reason The option and its value, as a clause. */
  constructor(reason?: string) {
    super(`interval must be at least 1 second${reason === undefined ? '' : `: ${reason}`}`);
  }
}
