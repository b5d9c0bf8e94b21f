import { SidekickError } from './sidekick.error.js';

/**
 * The registry answered and said no: a permission denied, a bad argument, a read-only driver asked to write. The
 * same request would get the same answer, so it is never retried on its own.
 */
export class RegistryRefusedError extends SidekickError {
  readonly code = 'SIDEKICK_REGISTRY_REFUSED';
}
