import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';
import { smoothSchedule } from './smooth-schedule.js';

/**
 * Picks each endpoint in turn, as often as its weight says, with the turns of one spread over the round. Starts at a
 * random endpoint: clients that start together would otherwise all call the first one. A new list or weight does not
 * restart the rotation: the endpoint that was next stays next, or the one after it when it is gone.
 */
export class RoundRobin implements Balancer {
  /** One round: the list itself when all weights are equal. */
  private places: readonly Endpoint[] = [];
  private next = 0;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[]): void {
    const places = weights ? scheduled(endpoints, weights) : endpoints;
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

function scheduled(endpoints: readonly Endpoint[], weights: readonly number[]): readonly Endpoint[] {
  const places: Endpoint[] = [];
  for (const index of smoothSchedule(weights)) {
    const endpoint = endpoints[index];
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
