import { type BalancerName } from '../../../lib/balancing/create-balancer.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { DiscoveryService } from '../../../lib/piloted/discovery.service.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import {
  type Change,
  type Listing,
  type Registry,
  type RegistryEntry,
  type WatchBatch,
} from '../../../lib/registry/registry.js';

/** The entry of one instance; `version` changes its metadata. */
export function entryOf(service: string, index: number, weight = 1, version = 0): RegistryEntry {
  const instance = completeInstance({
    service,
    id: `${service}-${index}`,
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    port: 8_000,
    weight,
    ...(version > 0 ? { meta: { version: String(version) } } : {}),
  });
  return { record: { kind: 'instance', instance }, version: String(version), owner: undefined };
}

/** A registry with `size` endpoints in every service, whose watch reports what `push` is given. */
export class StillRegistry implements Registry {
  readonly driver = 'still';
  readonly url = 'still:';
  private batches: Change[][] = [];
  private wake: () => void = () => undefined;

  constructor(
    private readonly size: number,
    private readonly weightOf: (index: number) => number = () => 1,
  ) {}

  /** Reports changes to the watch. For one watched service. */
  push(changes: Change[]): void {
    this.batches.push(changes);
    this.wake();
  }

  openSession(): Promise<never> {
    return Promise.reject(new Error('This registry is read-only.'));
  }

  list(scope: Parameters<Registry['list']>[0]): Promise<Listing> {
    const service = scope.kind === 'service' ? scope.service : '';
    const entries = Array.from({ length: this.size }, (_, index) =>
      entryOf(service, index, this.weightOf(index)),
    );
    return Promise.resolve({ entries, malformed: [], cursor: '0' });
  }

  async *watch(_scope: unknown, _cursor: unknown, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const batches = this.batches;
      this.batches = [];
      for (const changes of batches) yield { kind: 'changes', changes, cursor: '1' };
      if (this.batches.length > 0) continue;
      const pushed = new Promise<void>((resolve) => (this.wake = resolve));
      await Promise.race([pushed, aborted]);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export interface World {
  readonly registry: StillRegistry;
  readonly discovery: DiscoveryService;
  readonly names: readonly string[];
  close(): Promise<void>;
}

/** Discovery of `services` services with `size` endpoints each, ready to be picked from. The caller closes it. */
export async function openWorld(
  services: number,
  size: number,
  balancer: BalancerName = 'round-robin',
  weightOf?: (index: number) => number,
): Promise<World> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const cache = new ServiceCache(deps);
  const handles = new ServiceHandles({ ...deps, cache, balancer, bootTimeout: 5 });
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const registry = new StillRegistry(size, weightOf);
  await cache.start(registry);
  const discovery = new DiscoveryService(handles);
  await Promise.all(names.map((name) => discovery.of(name).ready({ min: size })));
  return {
    registry,
    discovery,
    names,
    close: async () => {
      handles.close();
      await cache.close();
    },
  };
}
