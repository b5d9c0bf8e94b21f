import { type Clock } from '../../common/clock.js';
import { pause } from '../../common/async/deadline.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type InstanceKey, entryKeyLabel } from '../../registry/entry-record.js';
import { type Answer } from './answer.js';
import { type ConsulClient } from './client.js';
import { checkReadAccess } from './read-access.js';
import { type HealthEntry } from './health-entry.js';
import { readHealth, viewOf } from './scope-view.js';

/** Milliseconds that the agent is given to tell the servers what it was told. */
const SYNC_TIMEOUT = 5_000;
const SYNC_WAIT = '1s';
/** Milliseconds between two looks, lest an answer that does not wait makes a busy loop. */
const SYNC_PAUSE = 10;

interface Seen {
  readonly all: readonly HealthEntry[];
  readonly index: number;
  readonly answer: Answer;
}

/** What the servers know of one entry key, as opposed to what the agent does. */
export class EntryKeyCatalogue {
  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Everything registered in the entry key, by a consistent read.
   *
   * @throws RegistryRefusedError when nothing is seen because the token may not see it
   */
  async read(entryKey: InstanceKey, signal: AbortSignal): Promise<readonly HealthEntry[]> {
    const { all, answer } = await this.look(entryKey, 0, signal);
    if (all.length === 0) await checkReadAccess(this.client, entryKey.service, answer, signal);
    return all;
  }

  /**
   * Waits until the servers know what the agent was told: only then do others see it.
   *
   * @param find gives what is waited for, undefined while it is not there
   * @throws RegistryUnavailableError when the servers do not follow
   */
  async until<T>(
    entryKey: InstanceKey,
    signal: AbortSignal,
    find: (all: readonly HealthEntry[]) => T | undefined,
  ): Promise<T> {
    const giveUpAt = this.clock.now() + SYNC_TIMEOUT;
    for (let index = 0; this.clock.now() < giveUpAt;) {
      const seen = await this.look(entryKey, index, signal);
      const found = find(seen.all);
      if (found !== undefined) return found;
      index = seen.index;
      await pause(this.clock, SYNC_PAUSE, signal);
    }
    throw this.client.unavailable(
      new DeadlineExceededError(
        `The agent was told of ${entryKeyLabel(entryKey)}, but the catalogue did not follow within ${SYNC_TIMEOUT} ms. ` +
          "Can the agent reach its servers, and may the token read the service's node (node:read)?",
      ),
    );
  }

  private async look(entryKey: InstanceKey, index: number, signal: AbortSignal): Promise<Seen> {
    const { request } = viewOf(entryKey, this.client.settings);
    const query = index === 0 ? { consistent: '' } : { index: String(index), wait: SYNC_WAIT };
    const answer = await this.client.call(
      { ...request, query: { ...request.query, ...query } },
      { signal, lane: 'reads' },
    );
    const { all } = this.client.read(answer, () => readHealth(entryKey.service, answer));
    return { all, index: answer.index, answer };
  }
}
