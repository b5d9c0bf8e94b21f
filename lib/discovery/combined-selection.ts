import { joinHostPort } from '../common/address.js';
import { assembleInstance } from '../registry/instance.js';
import { type Freshness } from './cached-service.js';
import { type Endpoint } from './endpoint.js';
import { PublishedList } from './published-list.js';
import { type Selection } from './selection.js';
import { type ServiceChange, type ServiceState } from './service-change.js';

/**
 * The list of a service that is in several registries, or that has endpoints to fall back on. The union has one endpoint
 * for each address and port, of the first registry that has it. The fallback is used while the union is empty.
 */
export class CombinedSelection extends PublishedList implements Selection {
  private readonly removals: readonly (() => void)[];
  /** Endpoints whose id is taken by another one, with the id that they have instead. */
  private readonly renamed = new WeakMap<Endpoint, Endpoint>();
  private usesFallback = false;

  /**
   * @param parts the lists of the registries, in order
   * @param fallback frozen
   * @param current the list and number from which the selection continues
   */
  constructor(
    service: string,
    private readonly parts: readonly Selection[],
    private readonly fallback: readonly Endpoint[],
    current: ServiceState,
  ) {
    super(service, current);
    this.removals = parts.map((part) =>
      part.subscribe((change) => {
        this.update(change);
      }),
    );
    this.update();
  }

  get excluded(): boolean {
    return this.endpoints.length === 0 && this.parts.some(({ excluded }) => excluded);
  }

  /** As current as the worst of the registries. */
  get freshness(): Freshness {
    const all = this.parts.map(({ freshness }) => freshness);
    const ages = all.flatMap(({ ageMs }) => ageMs ?? []);
    return {
      answered: all.every(({ answered }) => answered),
      stale: this.usesFallback || all.some(({ stale }) => stale),
      ageMs: ages.length === 0 ? undefined : Math.max(...ages),
      error: all.find(({ error }) => error)?.error,
    };
  }

  isSuspect(endpoint: Endpoint): boolean {
    return this.parts.some((part) => part.endpoints.includes(endpoint) && part.isSuspect(endpoint));
  }

  async ready(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.ready()));
  }

  async refresh(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.refresh()));
  }

  async close(): Promise<void> {
    for (const remove of this.removals) remove();
    this.listeners.clear();
    await Promise.all(this.parts.map((part) => part.close()));
  }

  private update(change?: ServiceChange): void {
    const listed = this.union();
    const hasList = this.parts.some(({ revision }) => revision > 0);
    this.usesFallback = listed.length === 0 && this.fallback.length > 0;
    if (!hasList && !this.usesFallback) return;
    const endpoints = this.usesFallback ? this.fallback : Object.freeze(listed);
    const expiredIds = new Set(change?.expired.map(({ id }) => id));
    // The union of one list is that list.
    this.publish(endpoints, expiredIds, endpoints === change?.endpoints ? change : undefined);
  }

  private union(): readonly Endpoint[] {
    const [first, ...others] = this.parts;
    if (!first || others.length === 0) return first?.endpoints ?? [];
    const places = new Set<string>();
    const ids = new Set<string>();
    const union: Endpoint[] = [];
    for (const { endpoints } of this.parts)
      for (const endpoint of endpoints) {
        const place = joinHostPort(endpoint.address, endpoint.port);
        if (places.has(place)) continue;
        places.add(place);
        const own = ids.has(endpoint.id) ? this.rename(endpoint, place) : endpoint;
        ids.add(own.id);
        union.push(own);
      }
    return union;
  }

  /** Two registries may use an id for different instances. Within a list an id is unique. */
  private rename(endpoint: Endpoint, place: string): Endpoint {
    let renamed = this.renamed.get(endpoint);
    if (!renamed) {
      renamed = assembleInstance(Object.assign({}, endpoint, { id: `${endpoint.id}@${place}` }));
      this.renamed.set(endpoint, renamed);
    }
    return renamed;
  }
}
