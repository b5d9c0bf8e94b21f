import { type Clock, type Timer } from '../common/clock.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { WarnOnce } from '../common/warn-once.js';
import { type Registry } from '../registry/registry.js';
import { isConnected } from '../registry/shared-connection.js';
import { AddressPolicy } from './address-policy.js';
import { CachedService } from './cached-service.js';
import { DEFAULT_EXPIRY_GUARD, ExpiryGuard, type ExpiryGuardOptions } from './expiry-guard.js';
import { NO_STATE, type ServiceState } from './service-change.js';
import { sourceId, type ServiceQuery } from './service-query.js';
import { ServiceSelection } from './service-selection.js';
import { type SnapshotList } from './snapshot-codec.js';
import { SnapshotFile } from './snapshot-file.js';

/** Options of a {@link ServiceCache}. */
export interface ServiceCacheOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * CIDRs that contain the address of every endpoint.
   *
   * @default any address
   */
  readonly allow?: readonly string[];
  /** Without it, an endpoint is removed as soon as the registry removes it. */
  readonly expiryGuard?: ExpiryGuardOptions;
  /** Path of the file that stores the last good lists. Without it, none are stored. */
  readonly snapshot?: string;
}

/** Time in which changes are collected before the snapshot is written. */
const SNAPSHOT_DELAY_MS = 1_000;

interface SharedService {
  readonly service: CachedService;
  /** Number of selections that use the service. The last one ends the watch. */
  selections: number;
}

/** The last good list of each watched service. A service is watched once, however many selections of it there are. */
export class ServiceCache {
  private readonly services = new Map<string, SharedService>();
  private readonly policy: AddressPolicy;
  private readonly warnings: WarnOnce;
  private readonly snapshot: SnapshotFile | undefined;
  /** The lists of the snapshot, and of watches that this process has ended. */
  private stored = new Map<string, SnapshotList>();
  private saveTimer: Timer | undefined;
  private registry: Registry | undefined;
  private closing: Promise<void> | undefined;

  /** @throws InvalidOptionError when an element of `allow` is not a CIDR */
  constructor(private readonly options: ServiceCacheOptions) {
    const { allow, snapshot, logger, clock } = options;
    this.policy = new AddressPolicy(allow);
    this.warnings = new WarnOnce(
      clock,
      logger,
      (labels) => `Leaving out ${labels.length} more endpoints that must not be used: ${labels.join(', ')}.`,
    );
    if (snapshot !== undefined) this.snapshot = new SnapshotFile(snapshot, logger, clock);
  }

  /**
   * Reads the snapshot and starts every watch, also those that are added later.
   *
   * @throws InvalidOptionError when there is an expiry guard and the registry does not report why an instance was removed
   */
  async start(registry: Registry): Promise<void> {
    if (this.options.expiryGuard && registry.reportsCauses === false)
      throw new InvalidOptionError(
        `Expected no \`expiryGuard\` with the registry ${registry.url}, which cannot report whether an instance was stopped or has expired: every stopped instance would be called for ${String(DEFAULT_EXPIRY_GUARD.graceMs / 1_000)} s more. Remove the option, or use etcd:, consul: or file:.`,
      );
    if (this.snapshot)
      this.stored = new Map((await this.snapshot.load()).map((list) => [sourceId(list.source), list]));
    if (this.closing) return;
    this.registry = registry;
    for (const { service } of this.services.values()) this.begin(service, registry);
  }

  /**
   * Watches a service until the selection is closed.
   *
   * @param after the list and number from which the selection continues, when it replaces another
   * @throws ClosedError
   */
  watch(query: ServiceQuery, after: ServiceState = NO_STATE): ServiceSelection {
    if (this.closing) throw new ClosedError('The service cache');
    const id = sourceId(query);
    let shared = this.services.get(id);
    if (!shared) {
      shared = { service: this.makeService(query), selections: 0 };
      this.services.set(id, shared);
      if (this.registry) this.beginLate(shared.service, this.registry);
    }
    shared.selections += 1;
    return new ServiceSelection(query, shared.service, this.options.logger, () => this.release(id), after);
  }

  /** Ends every watch and writes the snapshot a last time. The last lists can still be read. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.saveTimer?.cancel();
    // The snapshot is written first, since a closed service has no age.
    if (this.registry) await this.save();
    await Promise.all([...this.services.values()].map(({ service }) => service.close()));
    this.warnings.close();
    this.services.clear();
  }

  private makeService({ service: name, dc, intervalMs }: ServiceQuery): CachedService {
    const { clock, random, logger, expiryGuard } = this.options;
    const service = new CachedService(
      {
        service: name,
        ...(dc === undefined ? {} : { dc }),
        ...(intervalMs === undefined ? {} : { intervalMs }),
      },
      {
        clock,
        random,
        logger,
        warnings: this.warnings,
        policy: this.policy,
        guard: expiryGuard && new ExpiryGuard(expiryGuard, clock),
      },
    );
    service.listeners.add({
      update: () => {
        this.saveSoon();
      },
    });
    return service;
  }

  private begin(service: CachedService, registry: Registry): void {
    this.restore(service);
    service.start(registry);
  }

  /** Begins a watch that a caller has asked for: a registry that is there answers it before the stored list is of use. */
  private beginLate(service: CachedService, registry: Registry): void {
    if (!isConnected(registry)) this.restore(service);
    else
      service.onUnavailable(() => {
        this.restore(service);
      });
    service.start(registry);
  }

  private restore(service: CachedService): void {
    const list = this.stored.get(sourceId(service.source));
    if (list) service.restore(list.endpoints, Math.max(0, this.options.clock.wall() - list.confirmedAtMs));
  }

  private async release(id: string): Promise<void> {
    const shared = this.services.get(id);
    if (!shared) return;
    shared.selections -= 1;
    if (shared.selections > 0) return;
    this.services.delete(id);
    // The list of the file may be weeks older.
    for (const list of this.snapshot ? this.listsOf(shared.service) : []) this.stored.set(id, list);
    await shared.service.close();
  }

  private saveSoon(): void {
    if (!this.snapshot || this.saveTimer || this.closing) return;
    this.saveTimer = this.options.clock.after(SNAPSHOT_DELAY_MS, () => {
      this.saveTimer = undefined;
      void this.save();
    });
  }

  private async save(): Promise<void> {
    const lists = [...this.services.values()].flatMap(({ service }) => this.listsOf(service));
    await this.snapshot?.save(lists);
  }

  /** The list of a service for the snapshot, if it has one. */
  private listsOf({ source, endpoints, freshness: { ageMs } }: CachedService): readonly SnapshotList[] {
    if (!endpoints || ageMs === undefined) return [];
    return [{ source, confirmedAtMs: this.options.clock.wall() - ageMs, endpoints }];
  }
}
