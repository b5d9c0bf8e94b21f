/** Many clients of one registry: each has its own connection, keeps a key alive and follows a service. */
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { type ServiceSelection } from '../../../lib/discovery/service-selection.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { monotonic, until } from '../../harness/wait.js';
import { serve, settings } from '../../harness/worker-side.js';
import { seededRandom } from '../random.js';

export interface HerdSettings {
  readonly url: string;
  /** The first client's number, and how many there are. */
  readonly from: number;
  readonly count: number;
  readonly seed: number;
  readonly ttl: number;
  /** Whether waits are spread out at random. */
  readonly jitter: boolean;
}

/** When a client was acknowledged again, on the monotonic clock; undefined where it never was. */
export interface Return {
  readonly client: number;
  readonly heartbeat: number | undefined;
  readonly list: number | undefined;
}

interface Client {
  readonly number: number;
  readonly registry: Registry;
  readonly keeper: LocalRegistrar;
  readonly cache: ServiceCache;
  readonly view: ServiceSelection;
}

const { url, from, count, seed, ttl, jitter } = settings() as HerdSettings;
/** Clients that are started together. */
const AT_ONCE = 10;

let clients: readonly Client[] = [];

async function start(number: number): Promise<Client> {
  const random = jitter ? seededRandom(seed + number) : () => 0.5;
  const deps = { clock: systemClock, random, logger: silentLogger };
  const registry = await registrySource(url, {}).open(deps);
  const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name: 'herd' });
  const key = `herd-${number}`;
  const record = { kind: 'key', key, value: 'here' } as const;
  const { first } = await keeper.register(key, () => record, { ttl, updateInterval: 600, exclusive: false });
  const cache = new ServiceCache(deps);
  await cache.start(registry);
  const view = cache.watch({ service: 'herd' });
  // It retries if the machine was too busy for the first attempt.
  await first.catch(() => undefined);
  await until(`client ${number} to be up`, () => keeper.statuses[0]?.state === 'alive', { deadline: 60_000 });
  await view.ready();
  return { number, registry, keeper, cache, view };
}

/** When each was heard of after `since`. */
async function returned(since: number): Promise<readonly Return[]> {
  const heartbeats = new Map<number, number>();
  const lists = new Map<number, number>();
  const look = (): boolean => {
    for (const { number, keeper, view } of clients) {
      const [beat] = keeper.statuses;
      const ack = monotonic() - (beat?.age ?? Infinity) * 1_000;
      const alive = beat?.state === 'alive';
      if (!heartbeats.has(number) && alive && ack > since) heartbeats.set(number, monotonic());
      const { stale, ageMs } = view.freshness;
      const heard = monotonic() - (ageMs ?? Infinity);
      if (!lists.has(number) && !stale && heard > since) lists.set(number, monotonic());
    }
    return heartbeats.size === count && lists.size === count;
  };
  await until('every client to be back', look, { deadline: 60_000, every: 50 }).catch(() => undefined);
  return clients.map(({ number }) => ({
    client: number,
    heartbeat: heartbeats.get(number),
    list: lists.get(number),
  }));
}

async function stop(): Promise<void> {
  await Promise.all(
    clients.map(async ({ keeper, cache, registry }) => {
      await Promise.all([keeper.close(), cache.close()]);
      await registry.close();
    }),
  );
}

serve({
  start: async () => {
    for (let i = 0; i < count; i += AT_ONCE) {
      const some = Array.from(
        { length: Math.min(AT_ONCE, count - i) },
        async (_, j) => await start(from + i + j),
      );
      clients = [...clients, ...(await Promise.all(some))];
    }
  },
  returned,
  stop,
});
