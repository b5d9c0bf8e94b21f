import { type Endpoint } from './endpoint.js';

/** The difference between two lists. */
export interface EndpointsDiff {
  /** Endpoints that were not in the list before. */
  readonly added: readonly Endpoint[];
  /** Endpoints with new values, as they are now. */
  readonly updated: readonly Endpoint[];
  /** Endpoints that are gone, as they last were. */
  readonly removed: readonly Endpoint[];
}

/** The current list of a service and its number. */
export interface ServiceState {
  /** The complete list, frozen. */
  readonly endpoints: readonly Endpoint[];
  /** Number of the list: 1 for the first list of a service, incremented by each further list; 0 before the first. */
  readonly revision: number;
}

/** A new list of a service, and how it differs from the list before. */
export interface ServiceChange extends EndpointsDiff, ServiceState {
  /** Name of the service. */
  readonly service: string;
  /**
   * The complete list before, frozen. Undefined in the first change of a service, and in the change by which a new
   * listener receives the current list.
   */
  readonly previous: readonly Endpoint[] | undefined;
  /**
   * Those of `removed` that have expired: their instances were killed or cannot reach the registry. The others were
   * deregistered and may still answer. Empty where the registry does not report the cause.
   */
  readonly expired: readonly Endpoint[];
}

/** The run-time type of a `ServiceChange`, for the metadata that TypeScript emits on decorated signatures. */
export const ServiceChange = Object;

/** How a list differs from the one that it was made of. */
export interface ListStep extends EndpointsDiff {
  /** The list before; undefined if it is not known. */
  readonly previous: readonly Endpoint[] | undefined;
}

/** A list, and how it differs from the list before. */
export interface ListUpdate extends ListStep {
  /** Frozen. */
  readonly endpoints: readonly Endpoint[];
}

const NONE: readonly Endpoint[] = Object.freeze([]);
const NO_IDS: ReadonlySet<string> = new Set();

/** A list of which it is not known how it was made. */
export function newList(endpoints: readonly Endpoint[]): ListUpdate {
  return { endpoints, previous: undefined, added: endpoints, updated: NONE, removed: NONE };
}

/** A list that has not changed. */
export function sameList(endpoints: readonly Endpoint[]): ListUpdate {
  return { endpoints, previous: endpoints, added: NONE, updated: NONE, removed: NONE };
}

/** Whether two lists hold the same endpoints. */
export function isEmptyDiff({ added, updated, removed }: EndpointsDiff): boolean {
  return added.length + updated.length + removed.length === 0;
}

/** The state of a service without a list. */
export const NO_STATE: ServiceState = Object.freeze({ endpoints: NONE, revision: 0 });

/**
 * The change from `before` to a new list. Undefined when both lists hold the same endpoints: then nothing has changed.
 * The first list is a change even if it is empty.
 *
 * @param endpoints frozen
 * @param expiredIds the ids of endpoints that have expired
 * @param step how `endpoints` was made, if that is known; used if it was made of the list of `before`
 */
export function nextChange(
  service: string,
  before: ServiceState,
  endpoints: readonly Endpoint[],
  expiredIds: ReadonlySet<string> = NO_IDS,
  step?: ListStep,
): ServiceChange | undefined {
  const diff = step?.previous === before.endpoints ? step : diffEndpoints(before.endpoints, endpoints);
  const isFirst = before.revision === 0;
  if (!isFirst && isEmptyDiff(diff)) return undefined;
  const { added, updated, removed } = diff;
  const previous = isFirst ? undefined : before.endpoints;
  const expired = expiredIds.size === 0 ? NONE : removed.filter(({ id }) => expiredIds.has(id));
  const revision = before.revision + 1;
  return Object.freeze({ service, endpoints, previous, added, updated, removed, expired, revision });
}

/** The current list as a change in which every endpoint is added; undefined before the first list. */
export function currentChange(
  service: string,
  { endpoints, revision }: ServiceState,
): ServiceChange | undefined {
  if (revision === 0) return undefined;
  return Object.freeze({
    service,
    endpoints,
    previous: undefined,
    added: endpoints,
    updated: [],
    removed: [],
    expired: NONE,
    revision,
  });
}

/**
 * Compares by id; an endpoint is updated when it is another object, since an unchanged one stays the same object.
 *
 * Lists keep their order: an endpoint that stays has the same neighbours, and new ones are at the end. Then one step
 * through both lists finds the difference, without an index of all endpoints. Whatever is out of order is looked up.
 */
function diffEndpoints(before: readonly Endpoint[], after: readonly Endpoint[]): EndpointsDiff {
  if (before.length === 0) return { added: after, updated: NONE, removed: NONE };
  const updated: Endpoint[] = [];
  const missing: Endpoint[] = [];
  let at = 0;
  let index = 0;
  while (index < before.length) {
    const was = before[index];
    index += 1;
    const now = after[at];
    if (was === undefined || now === was) at += 1;
    else if (now?.id === was.id) {
      updated.push(now);
      at += 1;
    } else missing.push(was);
  }
  const rest = after.slice(at);
  if (missing.length === 0 || rest.length === 0) return { added: rest, updated, removed: missing };
  const old = new Map(missing.map((endpoint) => [endpoint.id, endpoint]));
  const added: Endpoint[] = [];
  for (const endpoint of rest) {
    const was = old.get(endpoint.id);
    if (!was) added.push(endpoint);
    else if (was !== endpoint) updated.push(endpoint);
    old.delete(endpoint.id);
  }
  return { added, updated, removed: [...old.values()] };
}
