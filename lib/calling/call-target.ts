import { type Call } from '../balancing/call.js';
import { type Endpoint } from '../discovery/endpoint.js';

/** What a call needs of a service. A `ServiceHandle` is one. */
export interface CallTarget {
  readonly name: string;
  /** Number of the list: 0 before the first. */
  readonly revision: number;
  /** The endpoints that may be picked now. */
  readonly candidates: readonly Endpoint[];
  /**
   * The next endpoint.
   *
   * @throws NoEndpointsError
   */
  pick(key?: string | number): Endpoint;
  /** Waits for the first list. */
  ready(options: { readonly min: 0 }): Promise<unknown>;
  /** Reports the start of a call to the balancer. */
  start(endpoint: Endpoint): Call;
}
