import { availableParallelism } from 'node:os';
import { type Worker } from '../../harness/worker.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { backSoon, busiest, noHerd, p99, returns } from '../validators/herd.js';
import { type HerdSettings, type Return } from '../workers/herd.js';
import { type Scenario, type Size } from './scenario.js';
import { type Stage } from './stage.js';

/** Milliseconds within which 99 of 100 clients are back. */
const WITHIN = 5_000;

/** Milliseconds to wait for late clients. */
const LAST_TO_COME = 2_000;

interface Scale {
  readonly clients: number;
  readonly workers: number;
  /** Milliseconds the registry is unavailable. */
  readonly away: number;
  /** Seconds. */
  readonly ttl: number;
  /** Connections allowed within 100 ms. */
  readonly most: number;
}

/**
 * Clients that a processor can play, with their share of etcd and of the proxy. Each is a machine of its own in reality;
 * here one takes 1 ms of processor a second while all is well, and 9 ms to come back. 200 that come back within 3.5 s
 * keep a processor busy for three quarters of that time, which leaves something for whatever else the machine does;
 * with 500 a processor, all that is measured is the processor.
 */
const A_PROCESSOR = 200;

const ALL = 1_000;

/**
 * As many as the machine can play, and 1,000 at most. Within 100 ms as many may connect as chance brings together: the
 * thirtieth part that is due where all come back evenly within 3 s, and 4.6 times the spread of that number; 60 of 1,000.
 */
function full(): Scale {
  const workers = Math.min(availableParallelism(), ALL / A_PROCESSOR);
  const clients = workers * A_PROCESSOR;
  const due = clients / 30;
  return { clients, workers, away: 30_000, ttl: 10, most: Math.round(due + 4.6 * Math.sqrt(due)) };
}

/** Of a few clients as many as chance brings together; a herd is all of them. */
const SHARE: Scale = { clients: 100, workers: 1, away: 10_000, ttl: 4, most: 18 };

/** Up to 1,000 clients, 200 for each processor, lose their registry together, and come back one by one. */
export const noHerdComesBack: Scenario = {
  name: 'no-herd',
  promise:
    'Clients that lost their registry together, up to 1,000 and 200 a processor, come back within 5 s, and no more of them within 100 ms than chance brings together: 60 of 1,000',
  needs: { jitter: 'no herd' },
  alone: true,
  run: async (stage, size) => await comeBack(stage, scaleOf(size)),
};

function scaleOf({ kills }: Size): Scale {
  return kills >= 50 ? full() : SHARE;
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
  const { count } = busiest(events, since);
  stage.figures['most of them within 100 ms'] = `${count} of at most ${scale.most}`;
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
    return stage.worker('herd', settings);
  });
  await Promise.all(workers.map(async (worker) => await worker.ask('start')));
  stage.atEnd(async () => await Promise.all(workers.map(async (worker) => await worker.ask('stop'))));
  return workers;
}

async function returned(worker: Worker, since: number): Promise<readonly Return[]> {
  return await worker.ask<readonly Return[]>('returned', since);
}
