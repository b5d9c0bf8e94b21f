import { type Logger } from '../common/logger.js';
import { messageOf } from '../common/thrown.js';
import { type CachedService, type CachedServiceListener, type Freshness } from './cached-service.js';
import { type Endpoint } from './endpoint.js';
import { type Selection } from './selection.js';
import { nextChange, type ServiceChange, type ServiceState } from './service-change.js';
import { selectEndpoints, type ServiceQuery } from './service-query.js';

/**
 * The endpoints of a cached service that one query selects. Here, and nowhere else, two lists are compared and a list
 * is numbered. Made by {@link ServiceCache.watch}.
 */
export class ServiceSelection implements CachedServiceListener, Selection {
  private readonly listeners = new Set<(change: ServiceChange) => void>();
  private last: ServiceChange | undefined;

  /** @param current the list and number from which the selection continues */
  constructor(
    readonly query: ServiceQuery,
    private readonly service: CachedService,
    private readonly logger: Logger,
    private readonly release: () => Promise<void>,
    private current: ServiceState,
  ) {
    service.listeners.add(this);
    if (service.endpoints) this.update(service.endpoints);
  }

  /** The last change since the selection was made; undefined before it. */
  get change(): ServiceChange | undefined {
    return this.last;
  }

  /** The last good list, frozen; empty before the first. */
  get endpoints(): readonly Endpoint[] {
    return this.current.endpoints;
  }

  /** The number of the list; 0 before the first. */
  get revision(): number {
    return this.current.revision;
  }

  get freshness(): Freshness {
    return this.service.freshness;
  }

  get excluded(): boolean {
    const { endpoints, refusals } = this.service;
    return this.endpoints.length === 0 && ((endpoints?.length ?? 0) > 0 || refusals > 0);
  }

  /** Whether the endpoint is gone from the registry and only kept by the expiry guard. */
  isSuspect(endpoint: Endpoint): boolean {
    return this.service.isSuspect(endpoint.id);
  }

  /** Calls `listener` with each further change. Returns a function that removes it. */
  subscribe(listener: (change: ServiceChange) => void): () => void {
    // Wrapped, since the same function may be subscribed twice.
    const own = (change: ServiceChange): void => {
      listener(change);
    };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
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
  update(all: readonly Endpoint[], expired?: ReadonlySet<string>): void {
    const change = nextChange(
      this.query.service,
      this.current,
      Object.freeze(selectEndpoints(this.query, all)),
      expired,
    );
    if (!change) return;
    this.current = change;
    this.last = change;
    for (const listener of [...this.listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.logger.error(`A listener for service "${this.query.service}" failed: ${messageOf(error)}`);
      }
    }
  }
}
