import { type Freshness } from './cached-service.js';
import { type Endpoint } from './endpoint.js';
import { EndpointUnion, idInUnion } from './endpoint-union.js';
import { PublishedList } from './published-list.js';
import { type Selection } from './selection.js';
import { type ListUpdate, type ServiceState, newList } from './service-change.js';

/**
 * The list of a service that is in several registries, or that has endpoints to fall back on. The union has one endpoint
 * for each address and port, of the first registry that has it. The fallback is used while the union is empty.
 */
export class CombinedSelection extends PublishedList implements Selection {
  private readonly removals: readonly (() => void)[];
  /** The union of several lists; undefined where there is one, which is used as it is. */
  private readonly union: EndpointUnion | undefined;
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
    this.union = parts.length > 1 ? new EndpointUnion(parts.length) : undefined;
    this.removals = parts.map((part, index) =>
      part.subscribe((change) => {
        this.update(this.union?.follow(index, change) ?? change, change.expired);
      }),
    );
    this.update(this.firstList());
  }

  get registries(): readonly string[] {
    return [...new Set(this.parts.flatMap(({ registries }) => registries))];
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
    // A suspect is looked up by its id, its list is searched. The part may suspect another endpoint with the same id.
    return this.parts.some((part) => part.isSuspect(endpoint) && part.endpoints.includes(endpoint));
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

  /** The union of the lists that the registries have already. */
  private firstList(): ListUpdate {
    let all = newList(this.parts[0]?.endpoints ?? []);
    if (this.union)
      for (const [index, { endpoints }] of this.parts.entries())
        all = this.union.follow(index, newList(endpoints));
    return { ...all, previous: undefined };
  }

  private update(listed: ListUpdate, expired: readonly Endpoint[] = []): void {
    const hasList = this.parts.some(({ revision }) => revision > 0);
    this.usesFallback = listed.endpoints.length === 0 && this.fallback.length > 0;
    if (!hasList && !this.usesFallback) return;
    const expiredIds = new Set(expired.flatMap((endpoint) => [endpoint.id, idInUnion(endpoint)]));
    if (this.usesFallback) this.publish(this.fallback, expiredIds);
    else this.publish(listed.endpoints, expiredIds, listed);
  }
}
