// The process that rows/keys.ts measures: registers keys, rests, reports, and ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Etcd3 } from 'etcd3';
import { deferred } from '../../../lib/common/async/deferred.js';
import { forEachLimited } from '../../../lib/common/async/semaphore.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { type KeysFigures, type KeysPlan } from './keys.js';

const CONCURRENCY = 64;

interface Subject {
  start(keys: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

async function sidekick(endpoint: string, ttl: number): Promise<Subject> {
  const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
  const registry = await etcd({ endpoints: [endpoint] }).open(deps);
  const registrar = new LocalRegistrar({
    ...deps,
    registry,
    ticker: clockTicker(systemClock),
    name: 'bench',
  });
  const options = { ttl, updateInterval: 5, exclusive: false };
  return {
    start: async (keys) => {
      // On a loaded machine a first attempt may fail; it is retried.
      const alive = deferred<void>();
      let left = keys.length;
      registrar.onEvent(({ type }) => {
        if (type === 'alive' && (left -= 1) === 0) alive.resolve();
      });
      await Promise.all(
        keys.map(async (key) => {
          await registrar.register(key, { kind: 'key', key, value: `value of ${key}` }, options);
        }),
      );
      await alive.promise;
    },
    stop: async () => {
      await registrar.close();
      await registry.close();
    },
  };
}

function lease(endpoint: string, ttl: number): Subject {
  const client = new Etcd3({ hosts: endpoint });
  const held = client.lease(ttl);
  return {
    start: async (keys) => {
      await forEachLimited(keys, CONCURRENCY, async (key) => {
        await held.put(key).value(`value of ${key}`);
      });
    },
    stop: async () => {
      await held.revoke();
      client.close();
    },
  };
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const {
  subject: kind,
  keys: count,
  ttl,
  rest,
  endpoint,
} = JSON.parse(process.argv[2] ?? '') as KeysPlan & {
  readonly endpoint: string;
};
const subject = kind === 'lease' ? lease(endpoint, ttl) : await sidekick(endpoint, ttl);
const keys = Array.from({ length: count }, (_, index) => `/bench/key-${index}`);
const startedAt = performance.now();
await subject.start(keys);
const start = (performance.now() - startedAt) / 1_000;
// The garbage of the start is no cost at rest.
gc();
await sleep(2_000);
const before = process.cpuUsage();
const restedAt = performance.now();
await sleep(rest * 1_000);
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / ((performance.now() - restedAt) * 10);
const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const { rss } = process.memoryUsage();
gc();
const { heapUsed } = process.memoryUsage();
const figures: KeysFigures = { start, cpu, rss: rss / 1e6, heap: heapUsed, timers };
process.send?.(figures);
await subject.stop();
process.disconnect();
