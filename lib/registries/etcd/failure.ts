import { ClusterError, EtcdResponseError, LeaseNotFoundError } from '../../etcd-client/errors/index.js';
import { type EndpointError } from '../../etcd-client/errors/endpoint.error.js';
import { RegistryRefusedError, RegistryUnavailableError, TlsError } from '../../common/errors/index.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';

/** That these endpoints failed, as the port says it. */
function unavailable(
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

/** A right that a request needs, in the words of `etcdctl role grant-permission`: `read --prefix /web/`. */
export type Need = `${'read' | 'readwrite'} ${string}`;

function advice({ permissionDenied, reason }: EtcdResponseError, needs: readonly Need[]): string {
  if (reason.includes('user name is empty'))
    return ' A user is needed: give `username` and `password`, or etcd://user:password@….';
  if (!permissionDenied || needs.length === 0) return '';
  const lines = needs.map((need) => `etcdctl role grant-permission ROLE ${need}`);
  return ` The role of the user lacks what is needed here: ${lines.join('; ')}.`;
}

/**
 * What went wrong with the etcd client, as the port says it; what is not of etcd passes as it is.
 *
 * @param needs the rights it takes, to be named where one is missing
 */
export function registryError(url: string, error: unknown, needs: readonly Need[] = []): unknown {
  if (error instanceof ClusterError) return unavailable(url, error.errors, error);
  if (error instanceof LeaseNotFoundError) return new SessionGoneError(url, error.lease, { cause: error });
  if (!(error instanceof EtcdResponseError)) return error;
  return new RegistryRefusedError(
    `The registry ${url} refused: ${error.reason} (${error.endpoint}).${advice(error, needs)}`,
    { cause: error },
  );
}

/**
 * Does something with the etcd client, and says what goes wrong as the port does.
 *
 * @param needs the rights it takes, to be named where one is missing
 * @throws RegistryUnavailableError, RegistryRefusedError, SessionGoneError; others pass as they are
 */
export async function asRegistry<T>(
  url: string,
  work: () => Promise<T>,
  needs: readonly Need[] = [],
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw registryError(url, error, needs);
  }
}
