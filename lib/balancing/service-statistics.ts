import { type Endpoint } from '../discovery/endpoint.js';
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

  /** The statistics of an endpoint with calls; undefined before the first. */
  find(endpoint: Endpoint): EndpointStatistics | undefined {
    const known = this.byId.get(endpoint.id);
    return known && isSamePlace(known.endpoint, endpoint) ? known : undefined;
  }

  /** The statistics of an endpoint. At another address, an id starts with empty ones. */
  of(endpoint: Endpoint): EndpointStatistics {
    const known = this.byId.get(endpoint.id);
    if (known && (known.endpoint === endpoint || isSamePlace(known.endpoint, endpoint))) {
      known.endpoint = endpoint;
      return known;
    }
    const fresh = new EndpointStatistics(endpoint);
    this.byId.set(endpoint.id, fresh);
    return fresh;
  }

  /**
   * Forgets endpoints that are neither in the list, nor called, nor ejected. Called with each new list. Returns whether
   * there were any.
   */
  prune(endpoints: readonly Endpoint[]): boolean {
    const { size } = this.byId;
    if (size <= endpoints.length + MAX_GONE) return false;
    const listed = new Set(endpoints.map(({ id }) => id));
    for (const [id, { inFlight, ejection }] of this.byId)
      if (!listed.has(id) && inFlight === 0 && !ejection) this.byId.delete(id);
    return this.byId.size < size;
  }
}

function isSamePlace(one: Endpoint, other: Endpoint): boolean {
  return one.address === other.address && one.port === other.port;
}
