import { type Clock } from '../../common/clock.js';
import { pause } from '../../common/async/deadline.js';
import { type Cursor, type Listing, type WatchBatch } from '../../registry/registry.js';
import { type Answer } from './answer.js';
import { type ConsulClient } from './client.js';
import { cursorOf } from './cursor.js';
import { type ConsulHistory } from './history.js';
import { checkReadAccess } from './read-access.js';
import { type ScopeView } from './scope-view.js';
import { type Semaphore } from '../../common/async/semaphore.js';

/** Seconds a blocking query waits for news: what makes a quiet watch show that it is alive. Where watches take turns it is less. */
const WAIT = 3;
const MIN_WAIT = 0.1;

/** Consul adds up to a sixteenth of the wait; the rest is for the way. A hung agent is noticed after this. */
const SILENCE = 1_500;

/** Milliseconds between two requests after an answer that Consul should not have given: an index that goes back, none, or the same one before the wait is over. */
const ODD_SPACING = 1_000;

/** Answers that may follow each other at once; a scope that goes on changing is read once in so many milliseconds. */
const BURST = 5;
const BUSY_SPACING = 100;

export interface WatchOptions {
  readonly client: ConsulClient;
  readonly clock: Clock;
  readonly turns: Semaphore;
  readonly history: ConsulHistory;
  readonly view: ScopeView;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
}

/** The complete content of a scope as an answer has it. @throws RegistryUnavailableError */
export function readListing(
  client: ConsulClient,
  history: ConsulHistory,
  view: ScopeView,
  answer: Answer,
): Listing {
  if (answer.leaderless)
    throw client.unavailable(new Error('The cluster has no leader, so that what is read may be old.'));
  const content = client.read(answer, view.read);
  const lost = history.take(JSON.stringify(view.request), answer.index);
  const { expired, ...rest } = content;
  return { ...rest, cursor: cursorOf(content), ...(expired === undefined || lost ? {} : { expired }) };
}

export function isEmpty({ entries, malformed }: Listing): boolean {
  return entries.length + malformed.length === 0;
}

/** Makes sure that an empty list of instances is meant. Keys that may not be read are refused by Consul itself. */
export async function vouchForEmpty(
  client: ConsulClient,
  view: ScopeView,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  if (view.service !== undefined) await checkReadAccess(client, view.service, answer, signal);
}

/**
 * Follows a scope by blocking queries. It always begins by asking what is there now, whatever came before: an index
 * from before a restart of the agent may lie in the future of the new one, which would then say nothing.
 *
 * @throws RegistryUnavailableError when the connection fails or nothing is heard for some five seconds
 * @throws RegistryRefusedError when Consul says no
 */
export async function* watchScope(options: WatchOptions): AsyncGenerator<WatchBatch, void> {
  const { client, clock, history, view, signal } = options;
  let { cursor } = options;
  let index = 0;
  let known: number | undefined;
  let empty = false;
  let wasOdd = false;
  let quick = 0;
  while (!signal.aborted) {
    const askedAt = clock.now();
    const { answer, wait } = await (index === 0 ? askAtOnce(options) : askForNews(options, index));
    const took = clock.now() - askedAt;
    const listing = readListing(client, history, view, answer);
    if (listing.cursor === cursor) yield { kind: 'changes', changes: [], cursor };
    else {
      if (isEmpty(listing) && !empty) await vouchForEmpty(client, view, answer, signal);
      ({ cursor } = listing);
      yield { kind: 'listing', listing };
    }
    empty = isEmpty(listing);
    const back = answer.index === 0 || answer.index < (known ?? 0);
    const early = index > 0 && answer.index === known && took < (wait * 1_000) / 2;
    // Going back means another history: what follows is asked for without an index, as at the beginning.
    index = back ? 0 : answer.index;
    known = answer.index;
    quick = took < BUSY_SPACING ? quick + 1 : 0;
    const spacing = back || early || wasOdd ? ODD_SPACING : quick > BURST ? BUSY_SPACING : 0;
    wasOdd = back || early;
    if (took < spacing) await pause(clock, spacing - took, signal);
  }
}

interface Told {
  readonly answer: Answer;
  /** Seconds it was asked to wait for news. */
  readonly wait: number;
}

/** What is there does not wait, and so needs no turn: also where many watches begin, each begins at once. */
async function askAtOnce({ client, view, signal }: WatchOptions): Promise<Told> {
  return {
    answer: await client.block(view.request, { signal, timeout: client.settings.timeout, lane: 'reads' }),
    wait: 0,
  };
}

/**
 * News since `index`. A query that has begun is not cut when its watch ends: the agent would not notice, and count the
 * connection until the wait is over. It ends by itself, keeps its place in the semaphore until then, and its connection is used again.
 */
async function askForNews({ client, turns, view, signal }: WatchOptions, index: number): Promise<Told> {
  return await turns.run(async () => {
    // Shorter turns while others wait, so that all of them have one within the time of a full turn.
    const share = turns.limit / (turns.limit + turns.waiting);
    const wait = Math.max(MIN_WAIT, Math.floor(WAIT * share * 100) / 100);
    const query = { ...view.request.query, index: String(index), wait: `${wait}s` };
    const timeout = wait * 1_000 * (1 + 1 / 16) + SILENCE;
    return { answer: await client.block({ ...view.request, query }, { timeout }), wait };
  }, signal);
}
