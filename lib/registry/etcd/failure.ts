import { ClusterError, EtcdResponseError, LeaseNotFoundError } from '../../etcd/errors/index.js';
import { type EndpointError } from '../../etcd/errors/endpoint.error.js';
import { RegistryRefusedError, RegistryUnavailableError } from '../../kernel/errors/index.js';
import { SessionGoneError } from '../session-gone.error.js';

/** That these endpoints failed, as the port says it. */
export function unavailable(
  url: string,
  errors: readonly EndpointError[],
  cause?: unknown,
): RegistryUnavailableError {
  const failures = errors.map(({ endpoint, reason, cause: inner }) => ({
    endpoint,
    error: new Error(reason, { cause: inner }),
  }));
  return new RegistryUnavailableError(url, failures, { cause });
}

/**
 * Does something with the etcd client, and says what goes wrong as the port does.
 *
 * @throws RegistryUnavailableError, RegistryRefusedError, SessionGoneError; others pass as they are
 */
export async function asRegistry<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClusterError) throw unavailable(url, error.errors, error);
    if (error instanceof LeaseNotFoundError) throw new SessionGoneError(url, error.lease, { cause: error });
    if (!(error instanceof EtcdResponseError)) throw error;
    throw new RegistryRefusedError(`The registry ${url} refused: ${error.reason} (${error.endpoint}).`, {
      cause: error,
    });
  }
}
