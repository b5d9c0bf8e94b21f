import { pause } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type InstanceKey, entryKeyLabel } from '../../registry/entry-record.js';
import { checkReadAccess } from './check-read-access.js';
import { type ConsulClient } from './client.js';
import { type ConsulResponse } from './consul-response.js';
import { type HealthEntry } from './health-entry.js';
import { readHealth, viewOf } from './scope-view.js';

/** How long the agent may take to synchronize a change to the servers. */
const SYNC_TIMEOUT_MS = 5_000;
const MAX_WAIT_SECONDS = 1;
/** Pause between two queries, so that responses without a wait do not cause a busy loop. */
const SYNC_PAUSE_MS = 10;

interface CatalogueState {
  readonly all: readonly HealthEntry[];
  readonly index: number;
  readonly response: ConsulResponse;
}

/** The catalogue of the servers, for one entry key at a time. The agent updates it after its own state. */
export class EntryKeyCatalogue {
  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {}

  /**
   * All registrations under the entry key, by a consistent read.
   *
   * @throws RegistryRefusedError when the list is empty because the token may not read the service
   */
  async read(entryKey: InstanceKey, signal: AbortSignal): Promise<readonly HealthEntry[]> {
    const { all, response } = await this.query(entryKey, 0, signal);
    if (all.length === 0) await checkReadAccess(this.client, entryKey.service, response, signal);
    return all;
  }

  /**
   * Waits until the catalogue has a change of the agent. Other clients see the change only then.
   *
   * @param find returns the expected result, or undefined while the catalogue does not have it
   * @throws RegistryUnavailableError when the catalogue does not have it within 5 s
   */
  async waitFor<T>(
    entryKey: InstanceKey,
    signal: AbortSignal,
    find: (all: readonly HealthEntry[]) => T | undefined,
  ): Promise<T> {
    const deadline = this.clock.now() + SYNC_TIMEOUT_MS;
    for (let index = 0; this.clock.now() < deadline;) {
      const state = await this.query(entryKey, index, signal);
      const found = find(state.all);
      if (found !== undefined) return found;
      index = state.index;
      await pause(this.clock, SYNC_PAUSE_MS, signal);
    }
    throw this.client.unavailable(
      new DeadlineExceededError(
        `The agent accepted a change of ${entryKeyLabel(entryKey)}, but the catalogue does not show it after ${SYNC_TIMEOUT_MS} ms. ` +
          "Check that the agent reaches its servers, and that the token may read the service's node (node:read).",
      ),
    );
  }

  private async query(entryKey: InstanceKey, index: number, signal: AbortSignal): Promise<CatalogueState> {
    const { request } = viewOf(entryKey, this.client.settings);
    const query = index === 0 ? { consistent: '' } : { index: String(index), wait: `${MAX_WAIT_SECONDS}s` };
    const response = await this.client.call(
      { ...request, query: { ...request.query, ...query } },
      { signal, pool: 'reads' },
    );
    const { all } = this.client.read(response, () => readHealth(entryKey.service, response));
    return { all, index: response.index, response };
  }
}
