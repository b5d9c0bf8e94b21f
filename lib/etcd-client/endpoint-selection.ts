import { type Random } from '../common/random.js';
import { NoEtcdEndpointsError } from './errors/no-etcd-endpoints.error.js';

function shuffled(endpoints: Iterable<string>, random: Random): string[] {
  const pool = [...endpoints];
  const list: string[] = [];
  while (pool.length > 0) list.push(...pool.splice(Math.floor(random() * pool.length), 1));
  return list;
}

function first(list: readonly string[]): string {
  const [endpoint] = list;
  if (endpoint === undefined) throw new NoEtcdEndpointsError();
  return endpoint;
}

/** `endpoints` in their order, starting with `pinned`. */
export function roundFrom(endpoints: readonly string[], pinned: string): readonly string[] {
  const start = endpoints.indexOf(pinned);
  return [...endpoints.slice(start), ...endpoints.slice(0, start)];
}

/**
 * Selects the endpoint of the next attempt. One endpoint is pinned while it works; a failure moves the pin to the next,
 * a success to the endpoint that worked. The order is shuffled once, so that clients spread over the members.
 */
export class EndpointSelection {
  private list: readonly string[];
  private pin: string;

  /** @throws NoEtcdEndpointsError when the list is empty */
  constructor(
    endpoints: readonly string[],
    private readonly random: Random,
  ) {
    this.list = shuffled(new Set(endpoints), random);
    this.pin = first(this.list);
  }

  /** All endpoints, in the order in which they are tried. */
  get endpoints(): readonly string[] {
    return [...this.list];
  }

  /** The endpoint that the next request tries first. */
  get pinned(): string {
    return this.pin;
  }

  /** Every endpoint once, starting with the pinned one: the order of the attempts of one request. */
  round(): readonly string[] {
    return roundFrom(this.list, this.pin);
  }

  /** Pins `endpoint`, which has just worked. Does nothing when it is not in the list. */
  succeeded(endpoint: string): void {
    if (this.list.includes(endpoint)) this.pin = endpoint;
  }

  /** Moves the pin from `endpoint` to the next, unless another request has moved it already. */
  failed(endpoint: string): void {
    if (this.pin !== endpoint) return;
    this.pin = this.round()[1] ?? endpoint;
  }

  /**
   * Replaces the list. An equal set in any order keeps the order and the pin.
   *
   * @returns whether the set has changed
   * @throws NoEtcdEndpointsError when the list is empty; the current one stays
   */
  replace(endpoints: readonly string[]): boolean {
    const wanted = new Set(endpoints);
    if (wanted.size === this.list.length && this.list.every((endpoint) => wanted.has(endpoint))) return false;
    const list = shuffled(wanted, this.random);
    this.pin = first(list);
    this.list = list;
    return true;
  }
}
