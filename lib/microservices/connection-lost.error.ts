import { joinHostPort } from '../common/address.js';
import { SidekickError } from '../common/errors/index.js';
import { type Endpoint } from '../discovery/endpoint.js';

/** The connection to an instance ended before the instance answered. The instance may have handled the message. */
export class ConnectionLostError extends SidekickError {
  readonly code = 'SIDEKICK_CONNECTION_LOST';

  /** @param reason A clause: "the connection was closed". */
  constructor(
    readonly endpoint: Endpoint,
    port: number,
    reason: string,
    options?: { readonly cause?: unknown },
  ) {
    super(
      `The instance "${endpoint.id}" of service "${endpoint.service}" (${joinHostPort(endpoint.address, port)}) did not answer: ${reason}.`,
      options,
    );
  }
}
