import { Worker } from '../../harness/worker.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { backSoon, busiest, noHerd, p99, returns } from '../validators/herd.js';
import { type HerdSettings, type Return } from '../workers/herd.js';
import { type Scenario, type Size } from './scenario.js';
import { type Stage } from './stage.js';

/** Milliseconds within which 99 of 100 clients are back. */
const WITHIN = 5_000;

/** Milliseconds in which whoever would still come does so. */
const LAST_TO_COME = 2_000;

interface Scale {
  readonly clients: number;
  readonly workers: number;
  /** Milliseconds the registry is away. */
  readonly away: number;
  /** Seconds. */
  readonly ttl: number;
  /** Connections allowed within 100 ms. */
  readonly most: number;
}

const FULL: Scale = { clients: 1_000, workers: 4, away: 30_000, ttl: 10, most: 60 };

/** Of a few clients as many as chance brings together; a herd is all of them. */
const SHARE: Scale = { clients: 100, workers: 1, away: 10_000, ttl: 4, most: 18 };

/** A thousand clients lose their registry together, and come back one by one. */
export const noHerdComesBack: Scenario = {
  name: 'no-herd',
  promise:
    'Clients that lost their registry together come back within 5 s, and never more than 6 in 100 of them within 100 ms',
  needs: { jitter: 'no herd' },
  alone: true,
  run: async (stage, size) => await comeBack(stage, scaleOf(size)),
};

function scaleOf({ kills }: Size): Scale {
  return kills >= 50 ? FULL : SHARE;
}

async function comeBack(stage: Stage, scale: Scale): Promise<readonly Finding[]> {
  const etcd = await stage.etcd({});
  const [proxy] = await stage.proxies(etcd);
  proxy!.onAccept = () => stage.recorder.record('proxy', { kind: 'connected' });
  const workers = await start(stage, proxy!.endpoint, scale);
  stage.figures.clients = scale.clients;
  stage.figures['connections of a client'] = proxy!.openConnections / scale.clients;

  stage.fault('etcd', 'drop', 'begin');
  proxy!.drop();
  await sleep(scale.away);
  const since = monotonic();
  proxy!.pass();
  stage.fault('etcd', 'drop', 'end');

  const back = (await Promise.all(workers.map(async (worker) => await returned(worker, since)))).flat();
  await sleep(LAST_TO_COME);
  for (const { client, heartbeat, list } of back) {
    if (heartbeat !== undefined)
      stage.recorder.record(`heartbeat ${client}`, { kind: 'acknowledged' }, heartbeat);
    if (list !== undefined) stage.recorder.record(`list ${client}`, { kind: 'acknowledged' }, list);
  }
  const { events } = stage.recorder;
  const heartbeats = back.map(({ client }) => `heartbeat ${client}`);
  const lists = back.map(({ client }) => `list ${client}`);
  const connected = events.filter(({ kind, at }) => kind === 'connected' && at >= since).length;
  stage.figures['connections on its return'] = connected;
  stage.figures['most of them within 100 ms'] = busiest(events, since).count;
  stage.figures['99 of 100 heartbeats back (ms)'] = Math.round(p99(returns(events, heartbeats, since)));
  stage.figures['99 of 100 lists fresh (ms)'] = Math.round(p99(returns(events, lists, since)));
  return [
    ...noHerd(events, since, scale.most),
    ...backSoon(events, heartbeats, since, WITHIN),
    ...backSoon(events, lists, since, WITHIN),
  ];
}

async function start(stage: Stage, endpoint: string, scale: Scale): Promise<Worker[]> {
  const count = scale.clients / scale.workers;
  const workers = Array.from({ length: scale.workers }, (_, i) => {
    const settings: HerdSettings = {
      url: `etcd://${endpoint}`,
      from: i * count,
      count,
      seed: stage.seed,
      ttl: scale.ttl,
      jitter: !stage.without.includes('jitter'),
    };
    const worker = Worker.start(new URL('../workers/herd.ts', import.meta.url), settings);
    stage.atEnd(async () => {
      if (!(await worker.end())) throw new Error('Expected a worker to end by itself.');
    });
    return worker;
  });
  await Promise.all(workers.map(async (worker) => await worker.ask('start')));
  stage.atEnd(async () => await Promise.all(workers.map(async (worker) => await worker.ask('stop'))));
  return workers;
}

async function returned(worker: Worker, since: number): Promise<readonly Return[]> {
  return await worker.ask<readonly Return[]>('returned', since);
}
