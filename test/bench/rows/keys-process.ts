// The process that rows/keys.ts measures: registers keys, rests, reports, and ends.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Etcd3 } from 'etcd3';
import { forEachLimited } from '../../../lib/common/async/semaphore.js';
import { registeredKeys } from '../measure/registered-keys.js';
import { type KeysFigures, type KeysPlan } from './keys.js';

const CONCURRENCY = 64;

interface Subject {
  start(keys: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

async function sidekick(endpoint: string, ttl: number): Promise<Subject> {
  const { start, close } = await registeredKeys(endpoint, ttl);
  return { start, stop: close };
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
gc();
const { heapUsed: empty } = process.memoryUsage();
const startedAt = performance.now();
await subject.start(keys);
const start = (performance.now() - startedAt) / 1_000;
process.once('disconnect', () => process.exit());
process.send?.({ started: true });
await once(process, 'message');
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
const figures: KeysFigures = { start, cpu, rss: rss / 1e6, heap: heapUsed - empty, timers };
process.send?.(figures);
await subject.stop();
process.disconnect();
