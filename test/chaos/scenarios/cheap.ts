import { etcdLoad } from '../../harness/metrics.js';
import { Worker } from '../../harness/worker.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { nothingLeft } from '../validators/growth.js';
import { pace, steadyPace } from '../validators/pace.js';
import { type ManyKeys, type ManySettings } from '../workers/many.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Seconds. */
const TTL = 6;

/** Milliseconds between two looks at the server's counts. */
const LOOK = 100;

/** Any number of keys of one process costs what one does. */
export const cheapHeartbeat: Scenario = {
  name: 'cheap-heartbeat',
  promise:
    'However many keys a process keeps, one stream renews them and one watches them, and a renewal comes once in a third of the TTL',

  async run(stage, { kills }) {
    const full = kills >= 50;
    const counts = full ? [1, 100, 10_000] : [1, 300];
    const watched = full ? 60_000 : 12_500;
    const findings = await Promise.all(counts.map(async (count) => await watch(stage, count, watched)));
    return findings.flat();
  },
};

async function watch(stage: Stage, count: number, ms: number): Promise<readonly Finding[]> {
  const who = `etcd of ${count} ${count === 1 ? 'key' : 'keys'}`;
  const etcd = await stage.etcd({});
  const [proxy] = await stage.proxies(etcd);
  const app = many(stage, { url: `etcd://${proxy!.endpoint}`, updateInterval: 600 });
  const keys: ManyKeys = Array.from({ length: count }, (_, i) => ({ key: `cheap-${i}`, ttl: TTL }));
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
  const { events } = stage.recorder;
  stage.figures[who] =
    `a renewal every ${Math.round(pace(events, who, 'renewals') ?? Infinity)} ms, ` +
    `${connections - before} new connections, ${keepAliveStreams} keepalive stream, ` +
    `${Math.round((proxy!.counts.bytesUp - bytes) / took)} kB/s sent, ${(cpu * 100).toFixed(1)} % of a processor`;
  return [
    ...steadyPace(events, who, 'renewals', (TTL * 1_000) / 3, 0.1),
    ...nothingLeft(events, who, 'keepAliveStreams', 1),
    ...nothingLeft(events, who, 'watchStreams', 1),
  ];
}

/** An application that keeps many keys, in a process of its own. */
export function many(stage: Stage, settings: ManySettings): Worker {
  const worker = Worker.start(new URL('../workers/many.ts', import.meta.url), settings);
  stage.atEnd(async () => {
    if (!(await worker.end())) throw new Error('Expected a worker to end by itself.');
  });
  stage.atEnd(async () => await worker.ask('stop'));
  return worker;
}
