import { joinHostPort } from '../common/address.js';
import { SidekickError } from '../common/errors/index.js';
import { messageOf } from '../common/thrown.js';
import { type Endpoint } from '../discovery/endpoint.js';

/**
 * Why a connection ended. `closed`: by the instance or the network. `expired`: the registry reports that the instance has
 * expired. `withdrawn`: the instance was deregistered and did not answer within 30 s. `client-closed`: by the application.
 */
export type ConnectionLostReason = 'closed' | 'expired' | 'withdrawn' | 'client-closed';

const CLAUSES: Readonly<Record<ConnectionLostReason, string>> = {
  closed: 'the connection was closed',
  expired: 'it has expired in the registry',
  withdrawn: 'it was deregistered and did not answer in time',
  'client-closed': 'the client was closed',
};

/** The connection to an instance ended before the instance answered. The instance may have handled the message. */
export class ConnectionLostError extends SidekickError {
  readonly code = 'SIDEKICK_CONNECTION_LOST';

  constructor(
    /** The instance that did not answer. */
    readonly endpoint: Endpoint,
    port: number,
    /** Why the connection ended. */
    readonly reason: ConnectionLostReason,
    options?: { readonly cause?: unknown },
  ) {
    const because = options?.cause === undefined ? '' : ` (${messageOf(options.cause)})`;
    super(
      `The instance "${endpoint.id}" of service "${endpoint.service}" (${joinHostPort(endpoint.address, port)}) gave no answer: ${CLAUSES[reason]}${because}.`,
      options,
    );
  }
}
