import { ClusterError, EtcdResponseError, LeaseNotFoundError } from '../../etcd-client/errors/index.js';
import { type EndpointError } from '../../etcd-client/errors/endpoint.error.js';
import { RegistryRefusedError, RegistryUnavailableError, TlsError } from '../../common/errors/index.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';

/** Converts the failures of etcd's endpoints to an error of the port. */
function unavailableError(
  url: string,
  errors: readonly EndpointError[],
  cause?: unknown,
): RegistryUnavailableError {
  const failures = errors.map(({ endpoint, reason, cause: inner }) => ({
    endpoint,
    error: inner instanceof TlsError ? inner : new Error(reason, { cause: inner }),
  }));
  return new RegistryUnavailableError(url, failures, { cause });
}

/** A permission that a request needs, as `etcdctl role grant-permission` takes it: `read --prefix /web/`. */
export type RequiredPermission = `${'read' | 'readwrite'} ${string}`;

function advice(
  { permissionDenied, reason }: EtcdResponseError,
  required: readonly RequiredPermission[],
): string {
  if (reason.includes('user name is empty'))
    return ' Authentication is enabled: set `username` and `password`, or use etcd://user:password@….';
  if (!permissionDenied || required.length === 0) return '';
  const lines = required.map((permission) => `etcdctl role grant-permission ROLE ${permission}`);
  return ` The user's role lacks a permission; grant it with: ${lines.join('; ')}.`;
}

/**
 * Converts an error of the etcd client to an error of the port. Returns any other error unchanged.
 *
 * @param required permissions that the request needs, named in the error if one is missing
 */
export function registryError(
  url: string,
  error: unknown,
  required: readonly RequiredPermission[] = [],
): unknown {
  if (error instanceof ClusterError) return unavailableError(url, error.errors, error);
  if (error instanceof LeaseNotFoundError) return new SessionGoneError(url, error.lease, { cause: error });
  if (!(error instanceof EtcdResponseError)) return error;
  return new RegistryRefusedError(
    `The registry ${url} refused: ${error.reason} (${error.endpoint}).${advice(error, required)}`,
    { cause: error },
  );
}

/**
 * Runs `work`, and converts errors of the etcd client to errors of the port.
 *
 * @param required permissions that `work` needs, named in the error if one is missing
 * @throws RegistryUnavailableError if no endpoint answered
 * @throws RegistryRefusedError if etcd refused the request
 * @throws SessionGoneError if the lease does not exist
 */
export async function withRegistryErrors<T>(
  url: string,
  work: () => Promise<T>,
  required: readonly RequiredPermission[] = [],
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw registryError(url, error, required);
  }
}
