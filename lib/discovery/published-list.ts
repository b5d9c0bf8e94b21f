import { type Endpoint } from './endpoint.js';
import { type ListStep, nextChange, type ServiceChange, type ServiceState } from './service-change.js';

/**
 * What every selection has: the last list with its number, and the listeners to its changes. Here, and nowhere else, two
 * lists are compared and a list is numbered.
 */
export abstract class PublishedList {
  protected readonly listeners = new Set<(change: ServiceChange) => void>();
  private last: ServiceChange | undefined;

  /** @param current the list and number from which it continues */
  constructor(
    protected readonly serviceName: string,
    private current: ServiceState,
  ) {}

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

  /** Calls `listener` with each further change. Returns a function that removes it. */
  subscribe(listener: (change: ServiceChange) => void): () => void {
    // Wrapped, since the same function may be subscribed twice.
    const own = (change: ServiceChange): void => {
      listener(change);
    };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /**
   * Numbers the list, and calls the listeners if it differs from the last one.
   *
   * @param endpoints frozen
   * @param step how `endpoints` was made, if that is known
   */
  protected publish(endpoints: readonly Endpoint[], expired?: ReadonlySet<string>, step?: ListStep): void {
    const change = nextChange(this.serviceName, this.current, endpoints, expired, step);
    if (!change) return;
    this.current = change;
    this.last = change;
    for (const listener of [...this.listeners]) this.deliver(listener, change);
  }

  /** Calls one listener. */
  protected deliver(listener: (change: ServiceChange) => void, change: ServiceChange): void {
    listener(change);
  }
}
