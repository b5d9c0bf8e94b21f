import { formatValue } from '../common/expected.js';
import { SidekickError } from '../common/errors/index.js';

/** The requested service is not one of the listed services. */
export class UnknownServiceError extends SidekickError {
  readonly code = 'SIDEKICK_UNKNOWN_SERVICE';

  constructor(
    /** The requested name. */
    readonly service: string,
    /** The names of the listed services. */
    readonly known: readonly string[],
    /** Class and member that name the service, for the message. */
    where?: string,
  ) {
    const list = known.length > 0 ? known.join(', ') : 'none';
    super(
      `Unknown service ${formatValue(service)}${where === undefined ? '' : ` at ${where}`}. Known services: ${list}. Add it to PilotedModule's \`services\`.`,
    );
  }
}
