import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';

/** An instance that is registered and follows services. The caller closes it. */
export interface Client {
  close(): Promise<void>;
}

/** Starts a client on one connection to a registry, and resolves when it is registered and has its lists. */
export async function startClient(
  source: RegistrySource,
  record: EntryRecord,
  followed: readonly string[],
  size: number,
): Promise<Client> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const registry = await source.open(deps);
  const registrar = new LocalRegistrar({
    ...deps,
    registry,
    ticker: clockTicker(systemClock),
    name: 'client',
  });
  const cache = new ServiceCache(deps);
  const handles = new ServiceHandles({ ...deps, cache, balancer: 'round-robin', bootTimeout: 30 });
  await cache.start(registry);
  // No renewal falls into the time at rest that is measured.
  const options = { ttl: 180, updateInterval: 60, exclusive: false };
  const registration = await registrar.register('client', record, options);
  await Promise.all([
    registration.first,
    ...followed.map(async (name) => await handles.of(name).ready({ min: size })),
  ]);
  return {
    close: async () => {
      handles.close();
      await cache.close();
      await registrar.close();
      await registry.close();
    },
  };
}
