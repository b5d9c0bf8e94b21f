import { formatValue } from '../common/expected.js';
import { SidekickError } from '../common/errors/index.js';

/** A service was asked for that is not among those the application has listed. */
export class UnknownServiceError extends SidekickError {
  readonly code = 'SIDEKICK_UNKNOWN_SERVICE';

  constructor(
    readonly service: string,
    /** The services there are. */
    readonly known: readonly string[],
    /** Who asked, as a place in the code. */
    where?: string,
  ) {
    const list = known.length > 0 ? known.join(', ') : 'none';
    super(
      `Unknown service ${formatValue(service)}${where === undefined ? '' : ` at ${where}`}. Known services: ${list}.`,
    );
  }
}
