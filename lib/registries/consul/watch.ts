import { pause } from '../../common/async/deadline.js';
import { type Semaphore } from '../../common/async/semaphore.js';
import { type Clock } from '../../common/clock.js';
import { type Cursor, type Listing, type WatchBatch } from '../../registry/registry.js';
import { checkReadAccess } from './check-read-access.js';
import { type ConsulClient } from './client.js';
import { type ConsulResponse } from './consul-response.js';
import { cursorOf } from './cursor.js';
import { type DataLossDetector } from './data-loss-detector.js';
import { type ScopeView } from './scope-view.js';

/**
 * How long a blocking query waits for a change. Its response is the sign of life of a quiet watch. The wait is shorter
 * while more watches than connections take turns.
 */
const MAX_WAIT_SECONDS = 3;
const MIN_WAIT_SECONDS = 0.1;

/** Time for the network beyond the wait. A hung agent is detected after it. */
const RESPONSE_MARGIN_MS = 1_500;

/** Consul extends the wait of a blocking query by a random share of up to one sixteenth. */
const WAIT_JITTER = 1 / 16;

/**
 * Least time between two requests after a suspect response: its index is missing, goes back, or is the same before the
 * wait is over.
 */
const SUSPECT_SPACING_MS = 1_000;

/** Number of quick responses in a row that are read without a pause. */
const MAX_BURST = 5;

/** Least time between two requests for a scope that keeps changing. */
const BUSY_SPACING_MS = 100;

/** What a watch of one scope needs. */
export interface WatchOptions {
  readonly client: ConsulClient;
  readonly clock: Clock;
  /** Limits the blocking queries of all watches. */
  readonly blockingQueries: Semaphore;
  readonly dataLoss: Pick<DataLossDetector, 'observe'>;
  /** Called before each request. After a change of the view the next request does not wait. */
  readonly view: () => ScopeView;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
}

/**
 * Reads the complete content of a scope from a response.
 *
 * @throws RegistryUnavailableError when the cluster has no leader, or the response is not Consul's
 */
export function readListing(
  client: ConsulClient,
  dataLoss: Pick<DataLossDetector, 'observe'>,
  view: ScopeView,
  response: ConsulResponse,
): Listing {
  if (response.leaderless)
    throw client.unavailable(new Error('The cluster has no leader, so its data may be stale.'));
  const content = client.read(response, view.read);
  const lost = dataLoss.observe(JSON.stringify(view.request), response.index);
  const { expired, ...rest } = content;
  return { ...rest, cursor: cursorOf(content), ...(expired === undefined || lost ? {} : { expired }) };
}

/** Whether a listing has neither entries nor malformed entries. */
export function isEmpty({ entries, malformed }: Listing): boolean {
  return entries.length + malformed.length === 0;
}

/**
 * Verifies that an empty list of instances is not the result of a missing right. For keys Consul refuses the request.
 *
 * @throws RegistryRefusedError when the token may not read the service
 */
export async function verifyEmptyListing(
  client: ConsulClient,
  view: ScopeView,
  response: ConsulResponse,
  signal: AbortSignal,
): Promise<void> {
  if (view.service !== undefined) await checkReadAccess(client, view.service, response, signal);
}

/**
 * Watches a scope by blocking queries. The first request has no index and never blocks: after a restart of the agent an
 * earlier index may be higher than the agent's own, and a blocking query from there would miss every change.
 *
 * @throws RegistryUnavailableError when the connection fails, or no response arrives for about five seconds
 * @throws RegistryRefusedError when Consul refuses the request
 */
export async function* watchScope(options: WatchOptions): AsyncGenerator<WatchBatch, void> {
  const { client, clock, dataLoss, signal } = options;
  let { cursor } = options;
  let view = options.view();
  let index = 0;
  let known: number | undefined;
  let empty = false;
  let wasSuspect = false;
  let quickResponses = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const before = view;
    view = options.view();
    if (view !== before) index = 0;
    const { response, wait } = await (index === 0
      ? readNow(options, view)
      : waitForChange(options, view, index));
    const elapsed = clock.now() - startedAt;
    const listing = readListing(client, dataLoss, view, response);
    if (listing.cursor === cursor) yield { kind: 'changes', changes: [], cursor };
    else {
      if (isEmpty(listing) && !empty) await verifyEmptyListing(client, view, response, signal);
      ({ cursor } = listing);
      yield { kind: 'listing', listing };
    }
    empty = isEmpty(listing);
    const back = response.index === 0 || response.index < (known ?? 0);
    const early = index > 0 && response.index === known && elapsed < (wait * 1_000) / 2;
    // An index that goes back belongs to another history, so the watch starts over without an index.
    index = back ? 0 : response.index;
    known = response.index;
    quickResponses = elapsed < BUSY_SPACING_MS ? quickResponses + 1 : 0;
    const suspect = back || early;
    const spacing =
      suspect || wasSuspect ? SUSPECT_SPACING_MS : quickResponses > MAX_BURST ? BUSY_SPACING_MS : 0;
    wasSuspect = suspect;
    if (elapsed < spacing) await pause(clock, spacing - elapsed, signal);
  }
}

interface QueryResult {
  readonly response: ConsulResponse;
  /** Seconds that the query was to wait for a change. */
  readonly wait: number;
}

/** Reads the current content. It does not block, so it bypasses the semaphore: every new watch starts at once. */
async function readNow({ client, signal }: WatchOptions, view: ScopeView): Promise<QueryResult> {
  const { timeoutMs } = client.settings;
  return {
    response: await client.blockingQuery(view.request, { signal, timeoutMs, pool: 'reads' }),
    wait: 0,
  };
}

/**
 * Waits for a change after `index`. A query in flight is not aborted with its watch: the agent would not notice, and
 * would count the connection until the wait is over. The query ends by itself, occupies its place in the semaphore until
 * then, and its connection is reused.
 */
async function waitForChange(
  { client, blockingQueries, signal }: WatchOptions,
  view: ScopeView,
  index: number,
): Promise<QueryResult> {
  return await blockingQueries.run(async () => {
    // The wait shrinks with the number of queued watches, so that each has a turn within the time of one full wait.
    const share = blockingQueries.limit / (blockingQueries.limit + blockingQueries.waiting);
    const wait = Math.max(MIN_WAIT_SECONDS, Math.floor(MAX_WAIT_SECONDS * share * 100) / 100);
    const query = { ...view.request.query, index: String(index), wait: `${wait}s` };
    const timeoutMs = wait * 1_000 * (1 + WAIT_JITTER) + RESPONSE_MARGIN_MS;
    return { response: await client.blockingQuery({ ...view.request, query }, { timeoutMs }), wait };
  }, signal);
}
