import { type Endpoint } from '../discovery/endpoint.js';
import { type EndpointsDiff } from '../discovery/service-change.js';
import { type Call } from './call.js';

/**
 * Chooses among the endpoints of one service. An instance serves one list. {@link Balancer.pick} returns only endpoints
 * of the list in the last {@link Balancer.update}, and returns one whenever that list is not empty. `pick` is on the
 * path of every request: it must not allocate, await or read a clock.
 */
export interface Balancer {
  /**
   * Receives the candidates: the endpoints that may be picked now, after zone, subset, weight 0 and ejections. Called
   * before the first pick from them, and again when a weight changes.
   *
   * @param endpoints frozen
   * @param weights the share of each endpoint relative to the others, above 0; undefined when all are equal
   * @param change how `endpoints` differs from the list of the last update, by id; undefined when that is not known, as for
   *   the first list. A balancer may ignore it. With it, one change in a long list need not look at every endpoint.
   */
  update(endpoints: readonly Endpoint[], weights?: readonly number[], change?: EndpointsDiff): void;
  /**
   * The next endpoint, or undefined when the list is empty.
   *
   * @param key sends equal keys to the same endpoint, for strategies that support it; the others ignore it
   */
  pick(key?: string | number): Endpoint | undefined;
  /** Reports the start of a call, whose `done` reports its end. Strategies that do not learn from calls omit it. */
  start?(endpoint: Endpoint): Call;
  /** Ends the balancer's timers, if it has any. The last list can still be picked from. */
  close?(): void;
}
