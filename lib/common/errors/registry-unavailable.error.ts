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

  constructor(
    registry: string,
    /** One for each endpoint, in the order in which they were tried. */
    readonly failures: readonly EndpointFailure[],
    options?: { readonly cause?: unknown },
  ) {
    const tried = failures.map(({ endpoint, error }) => `${endpoint}: ${error.message}`).join('; ');
    super(`The registry ${registry} is not reachable${tried === '' ? '' : ` (tried ${tried})`}.`, options);
  }
}
