import { SidekickError } from './sidekick.error.js';

/** The failure of one endpoint of a registry. */
export interface EndpointFailure {
  /** `host:port` or a path, without credentials. */
  readonly endpoint: string;
  /** Why the endpoint did not serve the request. */
  readonly error: Error;
}

/** The registry cannot be reached. `failures` has one entry for each endpoint, in the order in which they were tried. */
export class RegistryUnavailableError extends SidekickError {
  readonly code: string = 'SIDEKICK_REGISTRY_UNAVAILABLE';
  /** One for each endpoint, in the order in which they were tried. Not enumerable. */
  declare readonly failures: readonly EndpointFailure[];

  constructor(
    registry: string,
    failures: readonly EndpointFailure[],
    options?: { readonly cause?: unknown },
  ) {
    const tried = failures.map(({ endpoint, error }) => `${endpoint}: ${error.message}`).join('; ');
    super(`The registry ${registry} is not reachable${tried === '' ? '' : ` (tried ${tried})`}.`, options);
    // Node prints enumerable properties: the message names these errors already, and `cause` has their stacks.
    Object.defineProperty(this, 'failures', { value: failures });
  }
}
