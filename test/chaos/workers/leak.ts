/** One application that follows a service, and takes up and ends whatever can be taken up. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { ServiceHandles } from '../../../lib/piloted/service-handles.js';
import { memory } from '../../../lib/registries/memory/memory.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { until } from '../../harness/wait.js';
import { serve, settings } from '../../harness/worker-side.js';
import { belongings, type Belongings } from './belongings.js';

export interface LeakSettings {
  readonly url: string;
}

export const SERVICE = 'leak';

/** Subscriptions that stand at the same time. */
const AT_ONCE = 25;

const never = new AbortController().signal;
const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
const { url } = settings() as LeakSettings;
// The memory store's history for resumed watches is not measured.
const registry = await (url === 'memory:' ? memory({ history: 64 }) : registrySource(url, {})).open(deps);
const cache = new ServiceCache(deps);
const book = new ServiceHandles({ cache, ...deps, balancer: 'round-robin', bootTimeout: 10 });
const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name: 'leak' });
const SCOPE = { kind: 'service', service: SERVICE } as const;
/** Before the first write: a watch from this cursor delivers changes at once. */
const { cursor: begin } = await registry.list(SCOPE, never);
await cache.start(registry);
const handle = book.of(SERVICE);
let updates = 0;
let lists = 0;
handle.changes.subscribe(({ updated }) => {
  updates += updated.length;
  lists += 1;
});
/** How late the event loop was, in steps of a millisecond. */
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

async function inBatches(count: number, run: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - from) }, async (_, i) => await run(from + i)),
    );
}

/** Each takes up something, has something from it, and ends it. */
const SUBSCRIPTIONS: Readonly<Record<string, (index: number) => Promise<void>>> = {
  /** Half of them end while they wait, by a signal of their own; half by their reader, under one signal for all. */
  watch: async (index) => {
    const stop = index % 2 === 0 ? new AbortController() : undefined;
    const watch = registry.watch(SCOPE, begin, stop?.signal ?? never)[Symbol.asyncIterator]();
    await watch.next();
    const next = stop && watch.next();
    stop?.abort();
    await next;
    await watch.return?.();
  },
  view: async (index) => {
    const view = cache.watch({ service: `${SERVICE}-${index}` });
    const end = view.subscribe(() => undefined);
    await view.ready();
    end();
    await view.close();
  },
  changes: async () => {
    const subscription = handle.changes.subscribe();
    const lists = handle[Symbol.asyncIterator]();
    await lists.next();
    const waiting = handle.ready({ min: 1_000_000, timeout: 0.01 }).catch(() => undefined);
    await waiting;
    subscription.unsubscribe();
    await lists.return();
  },
  key: async (index) => {
    const key = `leak-${index}`;
    const record = { kind: 'key', key, value: 'here' } as const;
    const registration = await keeper.register(key, () => record, {
      ttl: 30,
      updateInterval: 60,
      exclusive: false,
    });
    await registration.first;
    await registration.stop();
  },
  session: async (index) => {
    const session = await registry.openSession({ ttl: 20 + index }, never);
    await session.end(never);
  },
};

/** Writes an instance again and again; the last one carries `version`. */
async function write({ count, version }: { count: number; version: string }): Promise<void> {
  const session = await registry.openSession({ ttl: 3_600 }, never);
  const base = { service: SERVICE, id: 'own', address: '10.0.0.1', port: 80 };
  let written: string | undefined;
  for (let i = 1; i <= count; i += 1) {
    const instance = completeInstance({
      ...base,
      meta: { version: i === count ? version : `${version}-${i}` },
    });
    const outcome = await session.write({ kind: 'instance', instance }, written, never);
    if (!outcome.ok) throw new Error('Another client has written.');
    written = outcome.version;
  }
  await session.end(never);
}

serve({
  write,
  ready: async () => (await handle.ready({ min: 0 })).length,
  reached: async (version: string) => {
    const there = (): boolean => handle.endpoints.some(({ meta }) => meta.version === version);
    await until(`version ${version}`, there, { deadline: 120_000 });
  },
  populated: async (count: number) => {
    const there = (): boolean => handle.endpoints.length === count;
    await until(`${count} endpoints`, there, { deadline: 60_000 });
  },
  counts: () => ({ updates, lists }),
  /** Milliseconds the event loop was late at most, since the last question. */
  longestDelay: () => {
    const { max } = delay;
    delay.reset();
    return max / 1e6;
  },
  belongings: async (): Promise<Belongings> => await belongings([registry, cache, book, keeper, never]),
  subscribe: async ({ what, count }: { what: string; count: number }) =>
    await inBatches(count, SUBSCRIPTIONS[what]!),
  close: async () => {
    await Promise.all([keeper.close(), cache.close()]);
    book.close();
    await (registry satisfies Registry).close();
  },
});
