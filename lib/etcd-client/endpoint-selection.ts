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

/**
 * Which endpoint is next. One is pinned and stays so while it works; a failure goes to the next in the round, and the
 * pin follows what works. The round is shuffled once, so that clients spread over the members.
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

  /** All endpoints, in the order of the round. */
  get endpoints(): readonly string[] {
    return [...this.list];
  }

  /** The endpoint the next request goes to first. */
  get pinned(): string {
    return this.pin;
  }

  /** Every endpoint once, from the pinned one on: the order of one request's attempts. */
  round(): readonly string[] {
    const start = this.list.indexOf(this.pin);
    return [...this.list.slice(start), ...this.list.slice(0, start)];
  }

  /** Pins `endpoint`, which has just worked. One that is not in the list changes nothing. */
  succeeded(endpoint: string): void {
    if (this.list.includes(endpoint)) this.pin = endpoint;
  }

  /** Moves the pin on from `endpoint`, unless somebody else has moved it already. */
  failed(endpoint: string): void {
    if (this.pin !== endpoint) return;
    this.pin = this.round()[1] ?? endpoint;
  }

  /**
   * Takes another list. The same set in any order keeps the round and its pin.
   *
   * @returns whether the set was another one
   * @throws NoEtcdEndpointsError when the list is empty; the old one is kept
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
