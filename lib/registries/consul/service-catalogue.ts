import { abortReason, onAbort } from '../../common/async/abort.js';
import { BatchedReads, withinSize } from '../../common/async/batched-reads.js';
import { pause } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type InstanceKey, entryKeyLabel } from '../../registry/entry-record.js';
import { checkReadAccess } from './check-read-access.js';
import { type ConsulClient } from './client.js';
import { type ConsulResponse } from './consul-response.js';
import { type HealthEntry } from './health-entry.js';
import { filterSize, instancesRequest, MAX_FILTER_CHARACTERS, readHealth } from './scope-view.js';

/** How long the agent may take to synchronize the next change to the servers. */
const SYNC_TIMEOUT_MS = 5_000;
const MAX_WAIT_SECONDS = 1;
/** The wait in milliseconds, with the random share that Consul adds. */
const MAX_WAIT_MS = MAX_WAIT_SECONDS * 1_000 * (1 + 1 / 16);
/** Pause between two queries, so that responses without a wait do not cause a busy loop. */
const SYNC_PAUSE_MS = 10;

interface CatalogueState {
  readonly all: readonly HealthEntry[];
  readonly index: number;
  readonly response: ConsulResponse;
}

interface Question {
  readonly entryKey: InstanceKey;
  /** Whether an absent instance must be one that the token may read. */
  readonly verifies: boolean;
}

/** A change that the catalogue does not show yet. */
interface Waiter {
  readonly entryKey: InstanceKey;
  /** The index up to which the change is not there. */
  index: number;
  /** When to give up, in milliseconds. */
  deadline: number;
  /** Returns whether the change is there; it then has resolved the wait. */
  readonly check: (all: readonly HealthEntry[]) => boolean;
  readonly reject: (error: Error) => void;
}

/**
 * One service in the catalogue of the servers, for the writes and removals of one session. The cost of a query grows with
 * the service, and every change of the service ends every query that waits for one. So all reads that begin while another
 * is in flight share the next one, and all changes are waited for by one query.
 */
export class ServiceCatalogue {
  private readonly reads: BatchedReads<Question, CatalogueState>;
  private readonly waiters = new Set<Waiter>();
  /** Ends the query that waits for changes; undefined without one. */
  private following: AbortController | undefined;

  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
    private readonly service: string,
  ) {
    this.reads = new BatchedReads({
      clock,
      maxSize: MAX_FILTER_CHARACTERS,
      sizeOf: ({ entryKey }) => filterSize(entryKey),
      read: async (questions, signal) => await this.readAll(questions, signal),
    });
  }

  /** Whether nothing is read or waited for. */
  get idle(): boolean {
    return this.reads.idle && this.waiters.size === 0;
  }

  /** As {@link EntryKeyCatalogue.read}. */
  async read(entryKey: InstanceKey, signal: AbortSignal): Promise<readonly HealthEntry[]> {
    return (await this.reads.ask({ entryKey, verifies: true }, signal)).all;
  }

  /** As {@link EntryKeyCatalogue.waitFor}. */
  async waitFor<T>(
    entryKey: InstanceKey,
    signal: AbortSignal,
    find: (all: readonly HealthEntry[]) => T | undefined,
  ): Promise<T> {
    const { all, index } = await this.reads.ask({ entryKey, verifies: false }, signal);
    const found = find(all);
    if (found !== undefined) return found;
    if (signal.aborted) throw abortReason(signal);
    return await new Promise<T>((resolve, reject) => {
      const end = (): void => {
        remove();
        this.waiters.delete(waiter);
        if (this.waiters.size === 0) this.following?.abort(new DOMException('No change is waited for'));
      };
      const waiter: Waiter = {
        entryKey,
        index,
        deadline: this.clock.now() + SYNC_TIMEOUT_MS,
        check: (seen) => {
          const value = find(seen);
          if (value === undefined) return false;
          end();
          resolve(value);
          return true;
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      const remove = onAbort(signal, () => {
        waiter.reject(abortReason(signal));
      });
      this.waiters.add(waiter);
      if (!this.following) void this.follow();
    });
  }

  /** Queries until no change is waited for. */
  private async follow(): Promise<void> {
    while (this.waiters.size > 0) {
      const controller = new AbortController();
      this.following = controller;
      try {
        const busy = this.waiters.size > 1 ? this.reads.pauseMs : 0;
        await pause(this.clock, Math.max(SYNC_PAUSE_MS, busy), controller.signal);
        await this.queryWaiting(controller.signal);
      } catch (error) {
        if (controller.signal.aborted) continue;
        for (const waiter of [...this.waiters]) waiter.reject(error as Error);
      }
    }
    this.following = undefined;
  }

  private async queryWaiting(signal: AbortSignal): Promise<void> {
    // The lowest index first: after it the service has changed, so that the query does not wait.
    const batch = withinSize(
      [...this.waiters].sort((a, b) => a.index - b.index),
      ({ entryKey }) => filterSize(entryKey),
      MAX_FILTER_CHARACTERS,
    );
    const index = Math.min(...batch.map((waiter) => waiter.index));
    const entryKeys = batch.map(({ entryKey }) => entryKey);
    const state = await this.query(entryKeys, index, signal);
    let progress = false;
    for (const waiter of batch) {
      if (!this.waiters.has(waiter)) continue;
      waiter.index = state.index;
      if (waiter.check(state.all)) {
        progress = true;
        continue;
      }
      // Others with the same index have their turn first.
      this.waiters.delete(waiter);
      this.waiters.add(waiter);
    }
    const now = this.clock.now();
    for (const waiter of [...this.waiters]) {
      // The agent synchronizes one change after the other.
      if (progress) waiter.deadline = now + SYNC_TIMEOUT_MS;
      else if (now >= waiter.deadline) waiter.reject(this.notSynchronized(waiter));
    }
  }

  private notSynchronized({ entryKey }: Waiter): Error {
    return this.client.unavailable(
      new DeadlineExceededError(
        `The agent accepted a change of ${entryKeyLabel(entryKey)}, but the catalogue does not show it after ${SYNC_TIMEOUT_MS} ms. ` +
          "Check that the agent reaches its servers, and that the token may read the service's node (node:read).",
      ),
    );
  }

  private async readAll(questions: readonly Question[], signal: AbortSignal): Promise<CatalogueState> {
    const state = await this.query(
      questions.map(({ entryKey }) => entryKey),
      0,
      signal,
    );
    const present = new Set(state.all.map(({ id }) => id));
    if (questions.some(({ entryKey, verifies }) => verifies && !present.has(entryKey.id)))
      await checkReadAccess(this.client, this.service, state.response, signal);
    return state;
  }

  private async query(
    entryKeys: readonly InstanceKey[],
    index: number,
    signal: AbortSignal,
  ): Promise<CatalogueState> {
    const request = instancesRequest(this.service, entryKeys);
    const query = index === 0 ? { consistent: '' } : { index: String(index), wait: `${MAX_WAIT_SECONDS}s` };
    const timeoutMs = this.client.writeTimeoutMs + (index === 0 ? 0 : MAX_WAIT_MS);
    const response = await this.client.call(
      { ...request, query: { ...request.query, ...query } },
      { signal, timeoutMs, pool: 'reads' },
    );
    const { all } = this.client.read(response, () => readHealth(this.service, response));
    return { all, index: response.index, response };
  }
}
