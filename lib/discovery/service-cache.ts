import { type Clock, type Timer } from '../common/clock.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { WarnOnce } from '../common/warn-once.js';
import { type Registry } from '../registry/registry.js';
import { AddressPolicy } from './address-policy.js';
import { DEFAULT_EXPIRY_GUARD, ExpiryGuard, type ExpiryGuardOptions } from './expiry-guard.js';
import { CachedService } from './cached-service.js';
import { sourceId, type ServiceQuery } from './service-query.js';
import { ServiceSelection } from './service-selection.js';
import { type SnapshotList } from './snapshot-codec.js';
import { SnapshotFile } from './snapshot-file.js';

/** What a {@link ServiceCache} is made of. */
export interface ServiceCacheOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** CIDRs that every endpoint must lie in. Left out: any address. */
  readonly allow?: readonly string[];
  /** Left out: an endpoint that the registry no longer lists is removed at once. */
  readonly expiryGuard?: ExpiryGuardOptions;
  /** Path of the file in which the last good lists are kept. Left out: none. */
  readonly snapshot?: string;
}

/** Milliseconds in which changes are gathered before the snapshot is written. */
const SNAPSHOT_DELAY = 1_000;

/** The last good lists of the services that are watched, each followed once however many watch it. */
export class ServiceCache {
  private readonly feeds = new Map<string, { readonly feed: CachedService; views: number }>();
  private readonly policy: AddressPolicy;
  private readonly warnings: WarnOnce;
  private readonly snapshot: SnapshotFile | undefined;
  private kept: ReadonlyMap<string, SnapshotList> = new Map();
  private saving: Timer | undefined;
  private registry: Registry | undefined;
  private closing: Promise<void> | undefined;

  /** @throws InvalidOptionError when `allow` holds what is no CIDR */
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
   * Reads the snapshot, then follows what is watched and what will be.
   *
   * @throws InvalidOptionError when there is an expiry guard and the registry never reports why an instance went
   */
  async start(registry: Registry): Promise<void> {
    if (this.options.expiryGuard && registry.reportsCauses === false)
      throw new InvalidOptionError(
        `Expected no \`expiryGuard\` with the registry ${registry.url}, which cannot report whether an instance was stopped or has expired: every stopped instance would be called for ${String(DEFAULT_EXPIRY_GUARD.grace / 1_000)} s more. Remove the option, or use etcd:, consul: or file:.`,
      );
    if (this.snapshot)
      this.kept = new Map((await this.snapshot.load()).map((list) => [sourceId(list.source), list]));
    if (this.closing) return;
    this.registry = registry;
    for (const { feed } of this.feeds.values()) this.begin(feed, registry);
  }

  /** Watches a service, until the view is closed. @throws ClosedError */
  watch(query: ServiceQuery): ServiceSelection {
    if (this.closing) throw new ClosedError('The directory');
    const id = sourceId(query);
    let known = this.feeds.get(id);
    if (!known) {
      known = { feed: this.makeFeed(query), views: 0 };
      this.feeds.set(id, known);
      if (this.registry) this.begin(known.feed, this.registry);
    }
    known.views += 1;
    return new ServiceSelection(query, known.feed, this.options.logger, () => this.release(id));
  }

  /** Ends every watch and writes the snapshot a last time. The last lists can still be read. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.saving?.cancel();
    // Written first: a feed that is closed has nothing more to say about its age.
    if (this.registry) await this.save();
    await Promise.all([...this.feeds.values()].map(({ feed }) => feed.close()));
    this.warnings.close();
    this.feeds.clear();
  }

  private makeFeed({ service, dc, interval }: ServiceQuery): CachedService {
    const { clock, random, logger, expiryGuard } = this.options;
    const feed = new CachedService(
      { service, ...(dc === undefined ? {} : { dc }), ...(interval === undefined ? {} : { interval }) },
      {
        clock,
        random,
        logger,
        warnings: this.warnings,
        policy: this.policy,
        guard: expiryGuard && new ExpiryGuard(expiryGuard, clock),
      },
    );
    feed.listeners.add({
      take: () => {
        this.saveSoon();
      },
    });
    return feed;
  }

  private begin(feed: CachedService, registry: Registry): void {
    const kept = this.kept.get(sourceId(feed.source));
    if (kept) feed.seed(kept.endpoints, Math.max(0, this.options.clock.wall() - kept.heard));
    feed.start(registry);
  }

  private async release(id: string): Promise<void> {
    const known = this.feeds.get(id);
    if (!known) return;
    known.views -= 1;
    if (known.views > 0) return;
    this.feeds.delete(id);
    await known.feed.close();
  }

  private saveSoon(): void {
    if (!this.snapshot || this.saving || this.closing) return;
    this.saving = this.options.clock.after(SNAPSHOT_DELAY, () => {
      this.saving = undefined;
      void this.save();
    });
  }

  private async save(): Promise<void> {
    const now = this.options.clock.wall();
    const lists = [...this.feeds.values()].flatMap(({ feed }): SnapshotList[] => {
      const { age } = feed.freshness;
      return feed.current && age !== undefined
        ? [{ source: feed.source, heard: now - age, endpoints: feed.current }]
        : [];
    });
    await this.snapshot?.save(lists);
  }
}
