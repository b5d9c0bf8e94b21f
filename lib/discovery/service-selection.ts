import { type Logger } from '../common/logger.js';
import { type Endpoint } from './endpoint.js';
import { diffEndpoints, type EndpointsDiff, type ListChange } from './list-change.js';
import { type CachedServiceListener, type Freshness, type CachedService } from './cached-service.js';
import { selectEndpoints, type ServiceQuery } from './service-query.js';

const NONE: readonly Endpoint[] = Object.freeze([]);

/** What one query sees of a service. Made by {@link ServiceCache.watch}. */
export class ServiceSelection implements CachedServiceListener {
  private readonly listeners = new Set<(change: ListChange) => void>();
  private list = NONE;
  private count = 0;

  constructor(
    readonly query: ServiceQuery,
    private readonly feed: CachedService,
    private readonly logger: Logger,
    private readonly release: () => Promise<void>,
  ) {
    feed.listeners.add(this);
    if (feed.current) this.take(feed.current, { added: feed.current, updated: [], removed: [] });
  }

  /** The last good list, frozen; empty before the first. */
  get endpoints(): readonly Endpoint[] {
    return this.list;
  }

  /** 0 before the first list. */
  get revision(): number {
    return this.count;
  }

  get freshness(): Freshness {
    return this.feed.freshness;
  }

  /** Calls `listener` with each list from now on; returns what ends that. */
  subscribe(listener: (change: ListChange) => void): () => void {
    // Wrapped: the same function may be subscribed twice.
    const own = (change: ListChange): void => {
      listener(change);
    };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /** Resolves with the registry's first answer; rejects only when the view is closed before. */
  ready(): Promise<void> {
    return this.feed.ready();
  }

  /** Resolves when a list that was asked for after this call is in. @throws that list's error */
  refresh(): Promise<void> {
    return this.feed.refresh();
  }

  /** Lets go of the service; a second call does nothing. The last list can still be read. */
  async close(): Promise<void> {
    if (!this.feed.listeners.delete(this)) return;
    this.listeners.clear();
    await this.release();
  }

  /** Called by the feed. */
  take(all: readonly Endpoint[], whole: EndpointsDiff): void {
    const list = selectEndpoints(this.query, all);
    const selective = this.query.tag !== undefined || this.query.zone !== undefined;
    const diff = selective || this.count === 0 ? diffEndpoints(this.list, list) : whole;
    if (this.count > 0 && diff.added.length + diff.updated.length + diff.removed.length === 0) return;
    this.list = Object.freeze(list);
    this.count += 1;
    const change: ListChange = Object.freeze({
      service: this.query.service,
      endpoints: this.list,
      ...diff,
      revision: this.count,
    });
    for (const listener of [...this.listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.logger.error(
          `A listener for service "${this.query.service}" failed: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
}
