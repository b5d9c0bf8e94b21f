import { unfailingLogger } from '../common/logger.js';
import { type ElectionClient, type ElectionDeps } from './election-client.js';
import { LocalBackend } from './local-backend.js';
import { LocalElectionClient } from './local-election-client.js';

/**
 * Makes the elections and locks of one process, over a registry that is open already. No request is sent before the first
 * {@link ElectionClient.of} or use of a lock.
 *
 * ```ts
 * const elections = createElections({ registry, clock, random, logger, ttl: 10, name: 'host:4711' });
 * const election = elections.of('reports');
 * election.campaign({ meta: { host: 'host' } });
 * const run = election.begin(); // undefined unless this instance leads
 * try {
 *   await job(run.term, run.signal);
 * } finally {
 *   run.end();
 * }
 * elections.shutdown(); // at the first moment of a shutdown, synchronously
 * await elections.close(5_000); // releases, then ends the session
 * ```
 *
 * @throws RegistryRefusedError for a registry that cannot be written
 */
export function createElections(deps: ElectionDeps): ElectionClient {
  const { clock, registry, applicationId } = deps;
  const logger = unfailingLogger(deps.logger);
  const backend = new LocalBackend({ ...deps, logger });
  return new LocalElectionClient({ clock, logger, url: registry.url, applicationId, backend });
}
