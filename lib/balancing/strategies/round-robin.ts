import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';
import { type EndpointsDiff } from '../../discovery/service-change.js';
import { sameWeights } from './same-weights.js';
import { smoothSchedule } from './smooth-schedule.js';

/**
 * A list of at most this length is copied: Node 20 reads an element of a frozen array in 5 ns, of another one in less than 1.
 * The copy of a longer list costs more at each change than its picks are worth.
 */
const MAX_COPIED = 1_024;

/** With more updated endpoints, a schedule is made again rather than searched for each of them. */
const MAX_REPLACED = 4;

/**
 * Picks each endpoint in turn, as often as its weight says, with the turns of one spread over the round. Starts at a
 * random endpoint: clients that start together would otherwise all call the first one. A new list or weight does not
 * restart the rotation: the endpoint that was next stays next, or the one after it when it is gone.
 */
export class RoundRobin implements Balancer {
  /** One round: the list, or a copy, when all weights are equal. */
  private places: readonly Endpoint[] = [];
  // Beside `places`: a pick reads both.
  private next = 0;
  private list: readonly Endpoint[] = [];
  private weights: readonly number[] | undefined;
  /** The same array as `places` while the weights differ: only then the array is not the list. */
  private schedule: Endpoint[] | undefined;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[], change?: EndpointsDiff): void {
    const { list, schedule } = this;
    const isSame = sameWeights(weights, this.weights);
    this.list = endpoints;
    this.weights = weights;
    if (schedule && isSame && change && replace(schedule, list, endpoints, change)) return;
    this.schedule = weights && scheduled(endpoints, weights);
    const places = this.schedule ?? (endpoints.length > MAX_COPIED ? endpoints : [...endpoints]);
    this.next = nextPlace(places, this.places, this.next) ?? Math.floor(this.random() * places.length);
    this.places = places;
  }

  pick(): Endpoint | undefined {
    const { places } = this;
    let index = this.next;
    if (index >= places.length) {
      if (places.length === 0) return undefined;
      index = 0;
    }
    this.next = index + 1;
    return places[index];
  }
}

/**
 * Puts the updated endpoints into a schedule whose weights have not changed: it takes 0.1 ms where a schedule of 10,000
 * endpoints takes some. Returns false where more has changed.
 */
function replace(
  schedule: Endpoint[],
  before: readonly Endpoint[],
  after: readonly Endpoint[],
  { added, updated, removed }: EndpointsDiff,
): boolean {
  if (added.length + removed.length > 0 || updated.length > MAX_REPLACED) return false;
  for (const endpoint of updated) {
    const was = before[after.indexOf(endpoint)];
    if (was?.id !== endpoint.id) return false;
    for (let place = schedule.indexOf(was); place >= 0; place = schedule.indexOf(was, place + 1))
      schedule[place] = endpoint;
  }
  return true;
}

function scheduled(endpoints: readonly Endpoint[], weights: readonly number[]): Endpoint[] {
  const places: Endpoint[] = [];
  const list = [...endpoints];
  for (const index of smoothSchedule(weights)) {
    const endpoint = list[index];
    if (endpoint) places.push(endpoint);
  }
  return places;
}

/** The place in `after` from which the rotation of `before` continues; undefined when they have no endpoint in common. */
function nextPlace(
  after: readonly Endpoint[],
  before: readonly Endpoint[],
  next: number,
): number | undefined {
  if (after.length === 0 || before.length === 0) return undefined;
  const start = next < before.length ? next : 0;
  const due = before[start];
  // Nearly always the due endpoint is in both lists.
  const found = due && nearest(after, due, start / before.length);
  if (found !== undefined) return found;
  const listed = new Set(after.map(({ id }) => id));
  for (let step = 1; step < before.length; step++) {
    const place = (start + step) % before.length;
    const endpoint = before[place];
    if (endpoint && listed.has(endpoint.id)) return nearest(after, endpoint, place / before.length);
  }
  return undefined;
}

/**
 * Of the places of an endpoint, that which is as far into the round as `progress`, from 0 to 1. Searches from there in both
 * directions: nearly always the endpoint has stayed where it was.
 */
function nearest(places: readonly Endpoint[], due: Endpoint, progress: number): number | undefined {
  const { length } = places;
  const target = progress * length;
  let below = Math.floor(target);
  let above = below + 1;
  for (let searched = 0; searched < length; searched++) {
    const isBelowNearer = target - below <= above - target;
    const index = ((isBelowNearer ? below : above) + length) % length;
    if (isBelowNearer) below -= 1;
    else above += 1;
    const endpoint = places[index];
    // The same object is compared first: an endpoint that has not changed needs no comparison of ids.
    if (endpoint === due || endpoint?.id === due.id) return index;
  }
  return undefined;
}
