import { type Endpoint, isSamePlace } from '../discovery/endpoint.js';
import { type ListStep } from '../discovery/service-change.js';
import { EndpointStatistics } from './endpoint-statistics.js';

/** Statistics of endpoints that are gone are kept up to this number, since calls to them may still be running. */
const MAX_GONE = 64;

/** What is known of the endpoints of one service from the calls to them. Survives changes of the list. */
export class ServiceStatistics {
  /**
   * The latest time that a call started or ended, in milliseconds of the monotonic clock. Picks compare latencies at
   * this time, since they read no clock.
   */
  now = 0;
  private readonly byId = new Map<string, EndpointStatistics>();
  /** Ids of `byId` that have left the list, as far as its changes were known. */
  private readonly gone = new Set<string>();
  /** Whether statistics were dropped since the last list. */
  private hasDropped = false;

  /** The statistics of an endpoint with calls; undefined before the first. */
  find(endpoint: Endpoint): EndpointStatistics | undefined {
    const known = this.byId.get(endpoint.id);
    return known && isSamePlace(known.endpoint, endpoint) ? known : undefined;
  }

  /** Whether an endpoint with this id has statistics, at any address. */
  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** The statistics of an endpoint, which is the listed one from now on. At another address, an id starts with empty ones. */
  of(endpoint: Endpoint): EndpointStatistics {
    const known = this.byId.get(endpoint.id);
    if (known && isSamePlace(known.endpoint, endpoint)) {
      known.endpoint = endpoint;
      return known;
    }
    this.hasDropped ||= known !== undefined;
    const fresh = new EndpointStatistics(endpoint);
    this.byId.set(endpoint.id, fresh);
    return fresh;
  }

  /**
   * Forgets endpoints that are neither in the list, nor called, nor ejected. Called with each new list. Returns whether
   * any statistics were dropped since the last one.
   *
   * @param step how the list was made, if that is known: then endpoints that are still listed are not looked at
   */
  prune(endpoints: readonly Endpoint[], step?: ListStep): boolean {
    if (step) this.follow(step);
    else this.gone.clear();
    if (this.gone.size > MAX_GONE) for (const id of this.gone) this.forget(id);
    if (this.byId.size > endpoints.length + this.gone.size + MAX_GONE) {
      const listed = new Set(endpoints.map(({ id }) => id));
      for (const id of this.byId.keys()) if (!listed.has(id)) this.forget(id);
    }
    const { hasDropped } = this;
    this.hasDropped = false;
    return hasDropped;
  }

  private follow({ added, removed }: ListStep): void {
    for (const { id } of removed) if (this.byId.has(id)) this.gone.add(id);
    for (const { id } of added) this.gone.delete(id);
  }

  private forget(id: string): void {
    const known = this.byId.get(id);
    if (!known || known.inFlight > 0 || known.ejection) return;
    this.byId.delete(id);
    this.gone.delete(id);
    this.hasDropped = true;
  }
}
