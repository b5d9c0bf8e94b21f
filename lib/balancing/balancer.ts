import { type Endpoint } from '../discovery/endpoint.js';

/** A call to an endpoint that is in progress. */
export interface Call {
  /** Reports the end of the call: success without an error, failure with one. Only the first report counts. */
  done(error?: unknown): void;
}

/**
 * Chooses among the endpoints of one service. An instance serves one list. {@link Balancer.pick} returns only endpoints
 * of the list in the last {@link Balancer.update}, and returns one whenever that list is not empty. `pick` is on the
 * path of every request: it must not allocate, await or read a clock.
 */
export interface Balancer {
  /** Receives a new list, frozen. Called once per list, before the first pick from it. */
  update(endpoints: readonly Endpoint[]): void;
  /**
   * The next endpoint, or undefined when the list is empty.
   *
   * @param key sends equal keys to the same endpoint, for strategies that support it; the others ignore it
   */
  pick(key?: string | number): Endpoint | undefined;
  /** Reports the start of a call, whose `done` reports its end. Strategies that do not learn from calls omit it. */
  start?(endpoint: Endpoint): Call;
}
