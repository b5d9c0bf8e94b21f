import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { type ServiceHandle } from '../../../lib/piloted/service-handle.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';

/** Discovery of one service. The caller closes it. */
export interface OpenDiscovery {
  readonly handle: ServiceHandle;
  close(): Promise<void>;
}

/** Opens a connection to a registry and resolves when `service` has at least `size` endpoints. */
export async function openDiscovery(
  source: RegistrySource,
  service: string,
  size: number,
): Promise<OpenDiscovery> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const cache = new ServiceCache(deps);
  const handles = new ServiceHandles({ ...deps, cache, balancer: 'round-robin', bootTimeout: 30 });
  const registry = await source.open(deps);
  await cache.start(registry);
  const handle = handles.of(service);
  await handle.ready({ min: size });
  return {
    handle,
    close: async () => {
      handles.close();
      await cache.close();
      await registry.close();
    },
  };
}

/** Resolves with the monotonic milliseconds at which the list of a service has an endpoint with this metadata. */
export async function seenAt(handle: ServiceHandle, name: string, value: string): Promise<number> {
  return await new Promise((resolve) => {
    const subscription = handle.changes.subscribe(({ added, updated }) => {
      const at = performance.now();
      if (![...added, ...updated].some(({ meta }) => meta[name] === value)) return;
      subscription.unsubscribe();
      resolve(at);
    });
  });
}
