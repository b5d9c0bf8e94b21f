import { SidekickError } from './sidekick.error.js';

/**
 * The registry rejected a request: permission denied, an invalid argument, or a write to a read-only driver. It is not
 * retried, because the same request would get the same response.
 */
export class RegistryRefusedError extends SidekickError {
  readonly code = 'SIDEKICK_REGISTRY_REFUSED';
}
