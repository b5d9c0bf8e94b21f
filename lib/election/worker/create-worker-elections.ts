import { unfailingLogger } from '../../common/logger.js';
import { type ElectionClient } from '../election-client.js';
import { LocalElectionClient } from '../local-election-client.js';
import { WorkerBackend, type WorkerBackendDeps } from './worker-backend.js';

/** Dependencies of {@link createWorkerElections}. */
export interface WorkerElectionDeps extends WorkerBackendDeps {
  /** URL of the registry, without secrets. */
  readonly url: string;
  /** Nest's `ModulesContainer.applicationId`, for diagnostics channels. */
  readonly applicationId: string | undefined;
}

/** Makes the elections and locks of one process whose records are kept by the worker thread of `isolate`. */
export function createWorkerElections(deps: WorkerElectionDeps): ElectionClient {
  const { clock, url, applicationId } = deps;
  const logger = unfailingLogger(deps.logger);
  const backend = new WorkerBackend({ ...deps, logger });
  return new LocalElectionClient({ clock, logger, url, applicationId, backend });
}
