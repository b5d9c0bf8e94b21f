import { deferred } from '../../../lib/common/async/deferred.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';

/** Keys of constant value that this process registers in an etcd. The caller closes it. */
export interface RegisteredKeys {
  /** Resolves when the registry has every key. */
  start(keys: readonly string[]): Promise<void>;
  /** Resolves when every key that is lost from now on, `count` of them, is restored. */
  restored(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param ttl seconds */
export async function registeredKeys(endpoint: string, ttl: number): Promise<RegisteredKeys> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const registry = await etcd({ endpoints: [endpoint] }).open(deps);
  const ticker = clockTicker(systemClock);
  const registrar = new LocalRegistrar({ ...deps, registry, ticker, name: 'bench' });
  const options = { ttl, updateInterval: 5, exclusive: false };
  /** Resolves with the event of the last of `count` keys. */
  const counted = async (wanted: 'alive' | 'restored', count: number): Promise<void> => {
    const all = deferred<void>();
    let left = count;
    const unsubscribe = registrar.onEvent(({ type }) => {
      if (type === wanted && (left -= 1) === 0) all.resolve();
    });
    await all.promise;
    unsubscribe();
  };
  return {
    start: async (keys) => {
      // On a loaded machine a first attempt may fail; it is retried.
      const alive = counted('alive', keys.length);
      await Promise.all(
        keys.map(async (key) => {
          await registrar.register(key, { kind: 'key', key, value: `value of ${key}` }, options);
        }),
      );
      await alive;
    },
    restored: async (count) => {
      await counted('restored', count);
    },
    close: async () => {
      await registrar.close();
      await registry.close();
    },
  };
}
