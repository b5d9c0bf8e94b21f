import { InvalidOptionError } from '../common/errors/index.js';

/** An update interval below one second. */
export class IntervalTooSmallError extends InvalidOptionError {
  override readonly code = 'SIDEKICK_INTERVAL_TOO_SMALL';

  constructor() {
    super('interval must be at least 1 second');
  }
}
