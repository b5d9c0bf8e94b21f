import { SidekickError } from './sidekick.error.js';

/** One endpoint that was tried, and why it failed. */
export interface EndpointFailure {
  /** `host:port` or a path, without credentials. */
  readonly endpoint: string;
  readonly error: Error;
}

/** The registry could not be reached. `failures` names each endpoint that was tried, in order. */
export class RegistryUnavailableError extends SidekickError {
  readonly code: string = 'SIDEKICK_REGISTRY_UNAVAILABLE';

  constructor(
    registry: string,
    readonly failures: readonly EndpointFailure[],
    options?: { readonly cause?: unknown },
  ) {
    const tried = failures.map(({ endpoint, error }) => `${endpoint}: ${error.message}`).join('; ');
    super(`The registry ${registry} is not reachable${tried === '' ? '' : ` (tried ${tried})`}.`, options);
  }
}
