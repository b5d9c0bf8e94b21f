import { type Clock, type Timer } from '../common/clock.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { ClosedError } from '../common/errors/index.js';
import { quote } from '../common/strings.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type WarnOnce } from '../common/warn-once.js';
import { type RemovalCause } from '../registry/entry-store.js';
import { ListWatcher, type ListUpdate } from '../registry/list-watcher.js';
import { type RegistryEntry, type Registry } from '../registry/registry.js';
import { sameInstance } from '../registry/same-record.js';
import { type AddressPolicy } from './address-policy.js';
import { type Endpoint } from './endpoint.js';
import { EndpointTable, type TableChange } from './endpoint-table.js';
import { type ExpiryGuard } from './expiry-guard.js';
import { type ServiceSource } from './service-query.js';

/** How far the list of a service can be trusted. */
export interface Freshness {
  /** Whether the registry has ever answered in this process. */
  readonly answered: boolean;
  /** Whether the list may be out of date: from an error until the next complete list, and before the first. */
  readonly stale: boolean;
  /** Milliseconds since the last sign of life of the registry; undefined before the first. */
  readonly ageMs: number | undefined;
  /** The error that made the list stale. */
  readonly error: Error | undefined;
}

/** Dependencies of a {@link CachedService}. */
export interface CachedServiceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly warnings: WarnOnce;
  readonly policy: AddressPolicy;
  /** Without a guard, an endpoint is removed as soon as the registry removes it. */
  readonly guard?: ExpiryGuard | undefined;
}

/** Receives each new list of a {@link CachedService}. */
export interface CachedServiceListener {
  /**
   * @param change the complete list, and how it differs from the list before
   * @param expired the ids of the endpoints that are not in it because they have expired
   */
  update(change: TableChange, expired: ReadonlySet<string>): void;
}

/** The last good list of one service. One watch serves any number of listeners. */
export class CachedService {
  readonly listeners = new Set<CachedServiceListener>();
  private readonly table = new EndpointTable();
  /** The timers by the ids of the suspect endpoints that they remove. */
  private readonly suspects = new Map<string, Timer>();
  private readonly graceTimers = new Set<Timer>();
  private readonly started: Deferred<ListWatcher> = deferred();
  /** The ids of listed endpoints whose address must not be used. */
  private readonly refused = new Set<string>();
  private list: readonly Endpoint[] | undefined;
  /** The ids of the endpoints that have expired since the last list. */
  private expired = new Set<string>();
  private watcher: ListWatcher | undefined;
  private restoredAt: number | undefined;
  private answered = false;

  constructor(
    readonly source: ServiceSource,
    private readonly deps: CachedServiceDeps,
  ) {}

  /** The last good list, frozen; undefined before the first. */
  get endpoints(): readonly Endpoint[] | undefined {
    return this.list;
  }

  /** Number of endpoints that are left out because of their address. */
  get refusals(): number {
    return this.refused.size;
  }

  get freshness(): Freshness {
    const state = this.watcher?.state;
    const heardAt = state?.lastHeard ?? this.restoredAt;
    return {
      answered: this.answered,
      stale: state?.stale ?? true,
      ageMs: heardAt === undefined ? undefined : this.deps.clock.now() - heardAt,
      error: state?.error,
    };
  }

  /** Whether the registry has removed the endpoint, and the expiry guard keeps it for a while. */
  isSuspect(id: string): boolean {
    return this.suspects.has(id);
  }

  /** Uses the list of a snapshot until the registry answers. @param ageMs milliseconds since the list was confirmed */
  restore(endpoints: readonly Endpoint[], ageMs: number): void {
    if (this.answered) return;
    this.restoredAt = this.deps.clock.now() - ageMs;
    for (const endpoint of endpoints) this.put(endpoint);
    this.publish();
  }

  /** Starts the watch. */
  start(registry: Registry): void {
    const { service, dc, intervalMs } = this.source;
    this.watcher = new ListWatcher({
      registry,
      scope: { kind: 'service', service, ...(dc === undefined ? {} : { dc }) },
      clock: this.deps.clock,
      random: this.deps.random,
      logger: this.deps.logger,
      ...(intervalMs === undefined ? {} : { intervalMs }),
      causes: this.deps.guard !== undefined,
      onUpdate: (update) => {
        this.apply(update);
      },
    });
    this.watcher.start();
    this.started.resolve(this.watcher);
  }

  /** Resolves at the first answer of the registry. @throws ClosedError when the service is closed first */
  async ready(): Promise<void> {
    await (
      await this.started.promise
    ).ready;
  }

  /** Resolves when a list that starts after this call has been applied. @throws the error of that list */
  async refresh(): Promise<void> {
    await (await this.started.promise).refresh();
  }

  async close(): Promise<void> {
    for (const timer of this.graceTimers) timer.cancel();
    this.graceTimers.clear();
    if (!this.watcher) this.started.reject(new ClosedError(`The watch of service "${this.source.service}"`));
    await this.watcher?.close();
  }

  private apply(update: ListUpdate): void {
    // The first update is compared with the list of the snapshot, of which the watcher knows nothing.
    const isFirst = !this.answered;
    this.answered = true;
    const population = this.table.size;
    for (const entries of isFirst ? [update.entries.values()] : [update.added, update.updated])
      for (const entry of entries) {
        const endpoint = endpointOf(entry);
        if (endpoint) this.put(endpoint);
      }
    const removals = isFirst ? this.unlisted(update) : update.removed.map(removalOf);
    for (const { id } of removals) this.refused.delete(id);
    for (const { id, cause } of this.removable(removals, population)) this.remove(id, cause);
    this.publish();
  }

  /** The endpoints of the snapshot that the first answer does not hold. */
  private unlisted(update: ListUpdate): readonly Removal[] {
    const listed = new Set([...update.entries.values()].map((entry) => endpointOf(entry)?.id));
    return [...this.table.ids()].filter((id) => !listed.has(id)).map((id) => ({ id, cause: 'unknown' }));
  }

  /** What can be removed at once. Suspect endpoints stay until the grace ends. */
  private removable(removals: readonly Removal[], population: number): readonly Removal[] {
    const present = removals.filter(({ id }) => this.table.has(id) && !this.suspects.has(id));
    const expired = present.filter(({ cause }) => cause !== 'withdrawn').map(({ id }) => id);
    if (!this.deps.guard?.suspects(expired.length, population)) return present;
    this.removeLater(expired, this.deps.guard.graceMs);
    return present.filter(({ cause }) => cause === 'withdrawn');
  }

  private removeLater(ids: readonly string[], graceMs: number): void {
    this.deps.logger.warn(
      `${ids.length} endpoints of service "${this.source.service}" expired together; ` +
        `keeping them for ${graceMs / 1_000} s in case the registry is at fault.`,
    );
    const timer = this.deps.clock.after(graceMs, () => {
      this.graceTimers.delete(timer);
      for (const id of ids) {
        if (this.suspects.get(id) !== timer) continue;
        this.suspects.delete(id);
        this.remove(id, 'expired');
      }
      this.publish();
    });
    this.graceTimers.add(timer);
    for (const id of ids) this.suspects.set(id, timer);
  }

  private put(endpoint: Endpoint): void {
    const { id } = endpoint;
    this.suspects.delete(id);
    const refusal = this.deps.policy.refusal(endpoint);
    if (refusal !== undefined) {
      this.remove(id);
      this.refused.add(id);
      this.warnOfRefusal(id, refusal);
      return;
    }
    this.refused.delete(id);
    const known = this.table.get(id);
    // An equal endpoint, of a snapshot or registered again, stays the same object.
    if (known && sameInstance(known, endpoint)) return;
    this.table.put(endpoint);
  }

  private remove(id: string, cause?: RemovalCause): void {
    if (this.table.remove(id) && cause === 'expired') this.expired.add(id);
  }

  private warnOfRefusal(id: string, refusal: string): void {
    const label = (): string => `endpoint ${quote(id)} of service ${quote(this.source.service)}`;
    this.deps.warnings.warn(JSON.stringify([this.source.service, id, refusal]), {
      message: () => `Leaving out ${label()}: ${refusal}`,
      label,
    });
  }

  private publish(): void {
    if (this.list && !this.table.hasChanged) return;
    const change = this.table.commit();
    this.list = change.endpoints;
    const { expired } = this;
    if (expired.size > 0) this.expired = new Set();
    for (const listener of [...this.listeners]) listener.update(change, expired);
  }
}

interface Removal {
  readonly id: string;
  readonly cause: RemovalCause;
}

function endpointOf({ record }: RegistryEntry): Endpoint | undefined {
  return record.kind === 'instance' ? record.instance : undefined;
}

function removalOf({ entry, cause }: ListUpdate['removed'][number]): Removal {
  return { id: endpointOf(entry)?.id ?? '', cause };
}
