import { type EtcdCluster } from '../../harness/etcd.js';
import { etcdLoad } from '../../harness/metrics.js';
import { type Worker } from '../../harness/worker.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { between, seededRandom } from '../random.js';
import { type Finding } from '../validators/finding.js';
import { nothingLeft } from '../validators/growth.js';
import { durationsOf, repairedInTime } from '../validators/in-time.js';
import { pace, steadyPace } from '../validators/pace.js';
import { type ManyKeys, type ManySettings } from '../workers/many.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store } from './store.js';

/** Seconds. */
const TTL = 6;

/** Milliseconds between two looks at the server's counts. */
const LOOK = 100;

/** Time until a deleted key must be registered again. */
const REPAIR_MS = 1_000;

const DELETE = 'foreign delete';

/** Any number of keys of one process costs what one does, and each of them is watched. */
export const cheapHeartbeat: Scenario = {
  name: 'cheap-heartbeat',
  promise:
    'However many keys a process keeps, one stream renews them and one watches them, a renewal comes once in a third of the TTL, and what others delete is back within 1 s',

  async run(stage, { kills }) {
    const full = kills >= 50;
    const deletes = Math.min(kills, 50);
    const counts = full ? [1, 100, 10_000] : [1, 300];
    const watched = full ? 60_000 : 12_500;
    const findings = await Promise.all(
      counts.map(async (count) => await watch(stage, count, watched, deletes)),
    );
    return findings.flat();
  },
};

async function watch(stage: Stage, count: number, ms: number, deletes: number): Promise<readonly Finding[]> {
  const who = `etcd of ${count} ${count === 1 ? 'key' : 'keys'}`;
  const etcd = await stage.etcd({});
  const [proxy] = await stage.proxies(etcd);
  const app = many(stage, { url: `etcd://${proxy!.endpoint}`, updateInterval: 600 });
  const keys: ManyKeys = Array.from({ length: count }, (_, i) => ({ key: keyOf(i), ttl: TTL }));
  await app.ask('start', keys);
  const [member] = etcd.members;
  const began = monotonic();
  const spent = await app.ask<number>('cpu');
  const { bytesUp: bytes, connections: before } = proxy!.counts;
  while (monotonic() - began < ms) {
    const { renewals } = await etcdLoad(member!.metricsUrl);
    stage.recorder.record(who, { kind: 'requests', what: 'renewals', count: renewals });
    await sleep(LOOK);
  }
  const took = monotonic() - began;
  const cpu = ((await app.ask<number>('cpu')) - spent) / 1_000 / took;
  const { keepAliveStreams, watchStreams } = await etcdLoad(member!.metricsUrl);
  const connections = proxy!.counts.connections;
  for (const [what, value] of Object.entries({ keepAliveStreams, watchStreams }))
    stage.recorder.record(who, { kind: 'measured', what, when: 'after', value });
  await vandalise(stage, etcd, who, count, deletes);
  const { events } = stage.recorder;
  stage.figures[who] =
    `a renewal every ${Math.round(pace(events, who, 'renewals') ?? Infinity)} ms, ` +
    `${connections - before} new connections, ${keepAliveStreams} keepalive stream, ` +
    `${Math.round((proxy!.counts.bytesUp - bytes) / took)} kB/s sent, ${(cpu * 100).toFixed(1)} % of a processor, ` +
    `repaired within ${Math.round(Math.max(...durationsOf(events, who, DELETE)))} ms`;
  return [
    ...repairedInTime(events, who, DELETE, REPAIR_MS),
    ...steadyPace(events, who, 'renewals', (TTL * 1_000) / 3, 0.1),
    ...nothingLeft(events, who, 'keepAliveStreams', 1),
    ...nothingLeft(events, who, 'watchStreams', 1),
  ];
}

/** Others delete keys of it, one after the other. */
async function vandalise(
  stage: Stage,
  etcd: EtcdCluster,
  who: string,
  count: number,
  deletes: number,
): Promise<void> {
  const random = seededRandom(stage.seed);
  const store = new Store(etcd);
  for (let i = 0; i < deletes; i++) {
    const key = keyOf(between(random, 0, count - 1));
    const isThere = async (): Promise<boolean> =>
      (await store.list(key)).entries.some((entry) => entry.key === key);
    stage.fault(who, DELETE, 'begin');
    await store.writeSurely({ [key]: undefined });
    const back = await until(`${key} to be back`, isThere, { deadline: 5 * REPAIR_MS, every: 10 }).catch(
      () => false,
    );
    if (!back) return;
    stage.fault(who, DELETE, 'end');
  }
}

function keyOf(index: number): string {
  return `cheap-${index}`;
}

/** An application that keeps many keys, in a process of its own. */
export function many(stage: Stage, settings: ManySettings): Worker {
  return stage.worker('many', settings, 'stop');
}
