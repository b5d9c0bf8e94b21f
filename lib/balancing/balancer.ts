import { type Endpoint } from '../discovery/endpoint.js';

/** A call to an endpoint that is under way. */
export interface Call {
  /** Says how it ended: without an error, or with one. Only the first call counts. */
  done(error?: unknown): void;
}

/**
 * Chooses among the endpoints of one service. One object serves one list: {@link Balancer.pick} never returns what is
 * not in the list of the last {@link Balancer.update}, nor nothing while that list has an endpoint. `pick` is on the
 * path of every request: it allocates nothing, awaits nothing and reads no clock.
 */
export interface Balancer {
  /** Takes the new list, frozen. Called once for each, before anything is picked from it. */
  update(endpoints: readonly Endpoint[]): void;
  /**
   * The next endpoint, or undefined when the list is empty.
   *
   * @param key for strategies that send equal keys to one endpoint; the others ignore it
   */
  pick(key?: string | number): Endpoint | undefined;
  /** Learns that a call begins, and from `done` how it went; strategies that learn nothing leave it out. */
  start?(endpoint: Endpoint): Call;
}
