import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type ServiceCache } from '../discovery/service-cache.js';
import { CombinedSelection } from '../discovery/combined-selection.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Selection } from '../discovery/selection.js';
import { type ServiceState } from '../discovery/service-change.js';
import { type ServiceQuery } from '../discovery/service-query.js';
import { readServices } from '../registries/fixed/fixed.js';
import { registrySource } from '../registries/registry-url.js';
import { registryPool, type SharedRegistry } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { type ServiceOptions } from './piloted.options.js';

/** Dependencies of {@link RegistryCaches}. */
export interface RegistryCachesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The module's registry and its cache, which the module opens. */
  readonly source: RegistrySource;
  readonly cache: ServiceCache;
  /** Makes the cache of another registry. */
  readonly makeCache: (source: RegistrySource) => ServiceCache;
  /** False: no registry is opened. */
  readonly enabled: boolean;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string;
}

interface OtherRegistry {
  readonly source: RegistrySource;
  readonly cache: ServiceCache;
  opening?: Promise<void>;
  pooled?: SharedRegistry;
}

/** The caches of all registries that services of this application are in. */
export class RegistryCaches {
  private readonly others = new Map<string, OtherRegistry>();
  private isOpen = false;

  constructor(private readonly deps: RegistryCachesDeps) {}

  /**
   * Watches a service in its registries, with its fallback.
   *
   * @param after the list and number from which the selection continues
   */
  watch(options: ServiceOptions, after: ServiceState): Selection {
    const caches = this.cachesOf(options.registry);
    const query = queryOf(options);
    const fallback = fallbackOf(options);
    const [only, ...others] = caches;
    if (only && others.length === 0 && fallback.length === 0) return only.watch(query, after);
    const parts = caches.map((cache) => cache.watch(query));
    return new CombinedSelection(options.name, parts, fallback, after);
  }

  /** Opens the registries, and further ones as services name them. @throws the error of a driver that cannot be loaded */
  async open(): Promise<void> {
    this.isOpen = true;
    await Promise.all([...this.others.values()].map((other) => this.openOne(other)));
  }

  /** Ends all watches of other registries than the module's. */
  async close(): Promise<void> {
    this.isOpen = false;
    await Promise.all(
      [...this.others.values()].map(async (other) => {
        await other.opening?.catch(() => undefined);
        await other.cache.close();
        await other.pooled?.release();
      }),
    );
  }

  private cachesOf(registry: ServiceOptions['registry']): readonly ServiceCache[] {
    if (registry === undefined || !this.deps.enabled) return [this.deps.cache];
    const given = (Array.isArray(registry) ? registry : [registry]) as readonly (string | RegistrySource)[];
    return [...new Set(given.map((each) => this.cacheOf(registrySource(each, {}))))];
  }

  private cacheOf(source: RegistrySource): ServiceCache {
    if (source.identity === this.deps.source.identity) return this.deps.cache;
    const known = this.others.get(source.identity);
    if (known) return known.cache;
    const other: OtherRegistry = { source, cache: this.deps.makeCache(source) };
    this.others.set(source.identity, other);
    if (this.isOpen)
      this.openOne(other).catch((error: unknown) => {
        this.deps.logger.error(`Cannot open the registry ${source.url}: ${(error as Error).message}`);
      });
    return other.cache;
  }

  private openOne(other: OtherRegistry): Promise<void> {
    other.opening ??= (async () => {
      const { clock, random, logger, applicationId } = this.deps;
      other.pooled = await registryPool.acquire(other.source, { clock, random, logger }, applicationId);
      await other.cache.start(other.pooled.registry);
    })();
    return other.opening;
  }
}

/** The part of a service's options that selects its endpoints in a registry. */
export function queryOf({ name, tag, dc, interval }: ServiceOptions): ServiceQuery {
  return {
    service: name,
    ...(tag === undefined ? {} : { tag }),
    ...(dc === undefined ? {} : { dc }),
    ...(interval === undefined ? {} : { intervalMs: interval * 1_000 }),
  };
}

function fallbackOf({ name, fallback = [] }: ServiceOptions): readonly Endpoint[] {
  return readServices({ [name]: fallback }).get(name) ?? [];
}
