import { hostname } from 'node:os';
import { type Clock, type Timer } from '../common/clock.js';
import { type ClientPosition, type Locality } from '../balancing/locality.js';
import { type ServiceCache } from '../discovery/service-cache.js';
import { type ServiceSelection } from '../discovery/service-selection.js';
import { type OwnInstanceRecord } from '../nest/own-instance.js';

/** A position is used once it has been the same for this long, since each new one moves connections. */
const STEADY_MS = 10_000;

/** Dependencies of a {@link ClientLocality}. */
export interface ClientLocalityDeps {
  readonly own: OwnInstanceRecord;
  readonly cache: ServiceCache;
  readonly clock: Clock;
  readonly applicationId: string;
}

/**
 * Where this application stands among the clients of a service: its zone, and its position in the sorted list of the
 * instances of its own service, which it watches for that.
 */
export class ClientLocality implements Locality {
  readonly clientId: string;
  private readonly listeners = new Set<() => void>();
  private selection: ServiceSelection | undefined;
  private isCounting = false;
  private steady: ClientPosition | undefined;
  private timer: Timer | undefined;
  private closed = false;
  private readonly unsubscribe: () => void;

  constructor(private readonly deps: ClientLocalityDeps) {
    this.clientId = `${hostname()}:${process.pid}:${deps.applicationId}`;
    this.unsubscribe = deps.own.subscribe(() => {
      this.watchOwnService();
      this.announce();
    });
  }

  get zone(): string | undefined {
    return this.deps.own.current?.zone;
  }

  get position(): ClientPosition | undefined {
    return this.steady;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Watches the own service for {@link position}, now or when it is known. A second call does nothing. */
  count(): void {
    this.isCounting = true;
    this.watchOwnService();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.unsubscribe();
    this.timer?.cancel();
    await this.selection?.close();
  }

  private watchOwnService(): void {
    const { own, cache } = this.deps;
    if (!this.isCounting || this.selection || !own.current || this.closed) return;
    const selection = cache.watch({ service: own.current.service });
    this.selection = selection;
    selection.subscribe(() => {
      this.settle();
    });
    if (selection.change) this.settle();
  }

  /** Takes the first position at once, and each later one when it is steady. */
  private settle(): void {
    this.timer?.cancel();
    const next = this.positionNow();
    if (!this.steady) this.take(next);
    else if (next?.index !== this.steady.index || next.clients !== this.steady.clients)
      this.timer = this.deps.clock.after(STEADY_MS, () => {
        this.take(this.positionNow());
      });
  }

  private take(position: ClientPosition | undefined): void {
    // A process that is not listed for a moment keeps its subset.
    if (!position) return;
    this.steady = position;
    this.announce();
  }

  private positionNow(): ClientPosition | undefined {
    const ids = (this.selection?.endpoints ?? []).map(({ id }) => id).sort();
    const index = ids.indexOf(this.deps.own.current?.id ?? '');
    return index < 0 ? undefined : { index, clients: ids.length };
  }

  private announce(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
