import { type Clock, type Timer } from '../common/clock.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { ClosedError } from '../common/errors/index.js';
import { quote } from '../common/strings.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type WarnOnce } from '../common/warn-once.js';
import { type MalformedSink, type RemovalCause } from '../registry/entry-store.js';
import { type Registry } from '../registry/registry.js';
import { ScopeWatcher, type WatchedContent } from '../registry/scope-watcher.js';
import { sameInstance } from '../registry/same-record.js';
import { type AddressPolicy } from './address-policy.js';
import { type Endpoint } from './endpoint.js';
import { EndpointTable, type TableChange } from './endpoint-table.js';
import { type ExpiryGuard } from './expiry-guard.js';
import { type InstanceTarget, type Removal, ServiceEntries } from './service-entries.js';
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
export class CachedService implements InstanceTarget {
  readonly listeners = new Set<CachedServiceListener>();
  private readonly table = new EndpointTable();
  /** The timers by the ids of the suspect endpoints that they remove. */
  private readonly suspects = new Map<string, Timer>();
  private readonly graceTimers = new Set<Timer>();
  /** Number of suspects since the last warning about them, and its time. */
  private notReported = 0;
  private reportedAt = -Infinity;
  private readonly started: Deferred<ScopeWatcher> = deferred();
  /** The ids of listed endpoints whose address must not be used. */
  private readonly refused = new Set<string>();
  private list: readonly Endpoint[] | undefined;
  /** The ids of the endpoints that have expired since the last list. */
  private expired = new Set<string>();
  private watcher: ScopeWatcher | undefined;
  private registryUrl: string | undefined;
  private restoredAt: number | undefined;
  private answered = false;
  private unavailable: (() => void) | undefined;

  constructor(
    readonly source: ServiceSource,
    private readonly deps: CachedServiceDeps,
  ) {}

  /** The last good list, frozen; undefined before the first. */
  get endpoints(): readonly Endpoint[] | undefined {
    return this.list;
  }

  /** The URL of the registry, without secrets; undefined before {@link start}. */
  get registry(): string | undefined {
    return this.registryUrl;
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

  /** Calls `restore` if the first list request fails, unless the registry answers a later one first. */
  onUnavailable(restore: () => void): void {
    this.unavailable = restore;
  }

  /** Starts the watch. */
  start(registry: Registry): void {
    const { service, dc, intervalMs } = this.source;
    this.registryUrl = registry.url;
    this.watcher = new ScopeWatcher(
      {
        registry,
        scope: { kind: 'service', service, ...(dc === undefined ? {} : { dc }) },
        clock: this.deps.clock,
        random: this.deps.random,
        logger: this.deps.logger,
        ...(intervalMs === undefined ? {} : { intervalMs }),
        causes: this.deps.guard !== undefined,
      },
      (malformed) => this.contentOf(malformed),
    );
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

  /** For {@link ServiceEntries}. */
  get size(): number {
    return this.table.size;
  }

  /** For {@link ServiceEntries}. */
  *ids(): Generator<string> {
    yield* this.table.ids();
    yield* this.refused;
  }

  /** For {@link ServiceEntries}. */
  find(id: string): Endpoint | undefined {
    return this.suspects.has(id) ? undefined : this.table.get(id);
  }

  /** For {@link ServiceEntries}. */
  remove(removals: readonly Removal[], population: number): void {
    for (const { id } of removals) this.refused.delete(id);
    for (const { id, cause } of this.removable(removals, population)) this.drop(id, cause);
  }

  private contentOf(malformed: MalformedSink): WatchedContent {
    const entries = new ServiceEntries(this.source.service, this, malformed);
    const count = (): number => this.table.size + this.refused.size - this.suspects.size;
    return {
      get size() {
        return count();
      },
      replace: (listing) => {
        // The first listing is compared with the snapshot, of which the registry knows nothing.
        entries.replace(listing, !this.answered);
        this.answered = true;
        this.unavailable = undefined;
      },
      apply: (changes) => {
        entries.apply(changes);
      },
      report: () => {
        this.publish();
      },
      unavailable: () => {
        this.unavailable?.();
        this.unavailable = undefined;
      },
    };
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
    this.notReported += ids.length;
    this.reportSuspects(graceMs);
    const timer = this.deps.clock.after(graceMs, () => {
      this.graceTimers.delete(timer);
      for (const id of ids) {
        if (this.suspects.get(id) !== timer) continue;
        this.suspects.delete(id);
        this.drop(id, 'expired');
      }
      this.reportSuspects(graceMs);
      this.publish();
    });
    this.graceTimers.add(timer);
    for (const id of ids) this.suspects.set(id, timer);
  }

  /** Warns of endpoints that the guard keeps. They may expire one by one: one line for all of the length of a grace. */
  private reportSuspects(graceMs: number): void {
    const { notReported } = this;
    const now = this.deps.clock.now();
    if (notReported === 0 || now - this.reportedAt < graceMs) return;
    const isFirst = this.graceTimers.size === 0;
    this.notReported = 0;
    this.reportedAt = now;
    const subject = `endpoints of service "${this.source.service}"`;
    const seconds = graceMs / 1_000;
    this.deps.logger.warn(
      isFirst
        ? `Many ${subject} expire together; keeping them for ${seconds} s each in case the registry is at fault (so far: ${notReported}).`
        : `Further ${subject} have expired, and are kept for ${seconds} s each (${notReported}).`,
    );
  }

  /** For {@link ServiceEntries}. */
  put(endpoint: Endpoint): void {
    const { id } = endpoint;
    const wasSuspect = this.suspects.delete(id);
    const refusal = this.deps.policy.refusal(endpoint);
    if (refusal !== undefined) {
      this.drop(id);
      this.refused.add(id);
      this.warnOfRefusal(id, refusal);
      return;
    }
    this.refused.delete(id);
    // An equal endpoint that is registered again stays the same object. Others were compared with what `find` returned.
    const known = wasSuspect ? this.table.get(id) : undefined;
    if (known && sameInstance(known, endpoint)) return;
    this.table.put(endpoint);
  }

  private drop(id: string, cause?: RemovalCause): void {
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
