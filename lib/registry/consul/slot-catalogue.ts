import { type Clock } from '../../kernel/clock.js';
import { pause } from '../../kernel/deadline.js';
import { DeadlineExceededError } from '../../kernel/errors/index.js';
import { type InstanceSlot, slotLabel } from '../item.js';
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

/** What the servers know of one slot, as opposed to what the agent does. */
export class SlotCatalogue {
  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Everything registered in the slot, by a consistent read.
   *
   * @throws RegistryRefusedError when nothing is seen because the token may not see it
   */
  async read(slot: InstanceSlot, signal: AbortSignal): Promise<readonly HealthEntry[]> {
    const { all, answer } = await this.look(slot, 0, signal);
    if (all.length === 0) await checkReadAccess(this.client, slot.service, answer, signal);
    return all;
  }

  /**
   * Waits until the servers know what the agent was told: only then do others see it.
   *
   * @param find gives what is waited for, undefined while it is not there
   * @throws RegistryUnavailableError when the servers do not follow
   */
  async until<T>(
    slot: InstanceSlot,
    signal: AbortSignal,
    find: (all: readonly HealthEntry[]) => T | undefined,
  ): Promise<T> {
    const giveUpAt = this.clock.now() + SYNC_TIMEOUT;
    for (let index = 0; this.clock.now() < giveUpAt;) {
      const seen = await this.look(slot, index, signal);
      const found = find(seen.all);
      if (found !== undefined) return found;
      index = seen.index;
      await pause(this.clock, SYNC_PAUSE, signal);
    }
    throw this.client.unavailable(
      new DeadlineExceededError(
        `The agent was told of ${slotLabel(slot)}, but the catalogue did not follow within ${SYNC_TIMEOUT} ms. ` +
          "Can the agent reach its servers, and may the token read the service's node (node:read)?",
      ),
    );
  }

  private async look(slot: InstanceSlot, index: number, signal: AbortSignal): Promise<Seen> {
    const { request } = viewOf(slot, this.client.settings);
    const query = index === 0 ? { consistent: '' } : { index: String(index), wait: SYNC_WAIT };
    const answer = await this.client.call(
      { ...request, query: { ...request.query, ...query } },
      { signal, lane: 'reads' },
    );
    const { all } = this.client.read(answer, () => readHealth(slot.service, answer));
    return { all, index: answer.index, answer };
  }
}
