import { type Logger } from '../common/logger.js';
import { messageOf } from '../common/thrown.js';
import { type CachedService, type CachedServiceListener, type Freshness } from './cached-service.js';
import { type Endpoint } from './endpoint.js';
import { PublishedList } from './published-list.js';
import { type Selection } from './selection.js';
import { type EndpointSelector, selectorOf } from './endpoint-selector.js';
import { type TableChange } from './endpoint-table.js';
import { type ServiceChange, type ServiceState } from './service-change.js';
import { type ServiceQuery } from './service-query.js';

/**
 * The endpoints of a cached service that one query selects. Made by {@link ServiceCache.watch}.
 */
export class ServiceSelection extends PublishedList implements CachedServiceListener, Selection {
  private readonly selector: EndpointSelector | undefined;

  /** @param current the list and number from which the selection continues */
  constructor(
    readonly query: ServiceQuery,
    private readonly service: CachedService,
    private readonly logger: Logger,
    private readonly release: () => Promise<void>,
    current: ServiceState,
  ) {
    super(query.service, current);
    this.selector = selectorOf(query);
    service.listeners.add(this);
    const all = service.endpoints;
    if (all) this.publish(this.selector?.select(all) ?? all);
  }

  get freshness(): Freshness {
    return this.service.freshness;
  }

  get registries(): readonly string[] {
    const { registry } = this.service;
    return registry === undefined ? [] : [registry];
  }

  get excluded(): boolean {
    const { endpoints, refusals } = this.service;
    return this.endpoints.length === 0 && ((endpoints?.length ?? 0) > 0 || refusals > 0);
  }

  /** Whether the endpoint is gone from the registry and only kept by the expiry guard. */
  isSuspect(endpoint: Endpoint): boolean {
    return this.service.isSuspect(endpoint.id);
  }

  /** Resolves at the first answer of the registry. @throws ClosedError when the cache closes first */
  ready(): Promise<void> {
    return this.service.ready();
  }

  /** Lists the service again. @throws the error of that list; the last list stays in use */
  refresh(): Promise<void> {
    return this.service.refresh();
  }

  /** Releases the watch. A second call does nothing. The last list can still be read. */
  async close(): Promise<void> {
    if (!this.service.listeners.delete(this)) return;
    this.listeners.clear();
    await this.release();
  }

  /** Called by the cached service with each list. */
  update(change: TableChange, expired: ReadonlySet<string>): void {
    const own = this.selector ? this.selector.follow(change) : change;
    this.publish(own.endpoints, expired, own);
  }

  protected override deliver(listener: (change: ServiceChange) => void, change: ServiceChange): void {
    try {
      listener(change);
    } catch (error) {
      this.logger.error(`A listener for service "${this.serviceName}" failed: ${messageOf(error)}`);
    }
  }
}
