import { type EtcdCluster } from '../../harness/etcd.js';
import { type EtcdLoad, etcdLoad } from '../../harness/metrics.js';
import { until } from '../../harness/wait.js';
import { type Worker } from '../../harness/worker.js';
import { type Finding } from '../validators/finding.js';
import { noGrowth, nothingLeft } from '../validators/growth.js';
import { type Belongings } from '../workers/belongings.js';
import { type LeakSettings } from '../workers/leak.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store, type Writes } from './store.js';

/** Share by which the heap may have grown. */
const HEAP = 0.05;

/** Instances, and so changes of one write. Few, because a waiting reader retains the last writes it received. */
const INSTANCES = 250;

/** Writes before the heap is looked at for the first time, as a share of those after it, and between two compactions. */
const WARM_UP = 0.25;
const COMPACTION = 200;

const SERVICE = 'leak';
const PREFIX = `/nestjs-sidekick/${SERVICE}/`;

/** A million updates flow from the store to the list that is picked from. */
export const leakOfUpdates: Scenario = {
  name: 'leak-updates',
  promise:
    'However many updates flow through a watch to the list that is picked from, the heap grows by 5 % at most',

  async run(stage, { kills }) {
    const rounds = kills * (kills >= 50 ? 80 : 40);
    const etcd = await stage.etcd({ args: [`--max-txn-ops=${INSTANCES}`] });
    const store = new Store(etcd);
    const app = await follow(stage, `etcd://${etcd.hosts}`);
    const warm = Math.max(COMPACTION, WARM_UP * rounds);
    await flow(store, app, { from: 1, to: warm });
    await trickle(store, app, warm + 1);
    await measure(stage, app, 'etcd', 'before');
    const last = warm + 1 + rounds;
    await flow(store, app, { from: warm + 2, to: last });
    await trickle(store, app, last + 1);
    await measure(stage, app, 'etcd', 'after');
    stage.figures['updates through etcd'] = (await app.ask<{ updates: number }>('counts')).updates;

    // The follower is slower than the store and sometimes merges two writes into one update.
    const count = kills * 40_000;
    const memory = await follow(stage, 'memory:');
    await memory.ask('write', { count: Math.max(50_000, count / 10), version: 'warm' });
    await measure(stage, memory, 'memory', 'before');
    await memory.ask('write', { count, version: 'done' });
    await measure(stage, memory, 'memory', 'after');
    stage.figures['updates in memory'] = (await memory.ask<{ updates: number }>('counts')).updates;

    const { events } = stage.recorder;
    return ['etcd', 'memory'].flatMap((who) => [
      ...noGrowth(events, who, 'heap', HEAP),
      ...leftInProcess(stage, who),
    ]);
  },
};

/** The number of subscriptions of each kind: at full size, and as a share that every run can afford. */
const SUBSCRIPTIONS = Object.freeze({
  watch: { full: 10_000, share: 500 },
  view: { full: 10_000, share: 500 },
  changes: { full: 10_000, share: 500 },
  key: { full: 1_000, share: 60 },
  session: { full: 1_000, share: 60 },
});

/** Opens and ends every kind of subscription, again and again. */
export const leakOfSubscriptions: Scenario = {
  name: 'leak-subscriptions',
  promise:
    'However often something is watched, kept or subscribed to and ended, no listener, timer, socket, lease or stream of the server is left',

  async run(stage, { kills }) {
    const etcd = await stage.etcd({});
    const store = new Store(etcd);
    const app = await follow(stage, `etcd://${etcd.hosts}`);
    await flow(store, app, { from: 1, to: 1, instances: 3 });
    for (const [what, { full, share }] of Object.entries(SUBSCRIPTIONS))
      await subscribe(app, what, kills >= 50 ? full : share);
    const before = await atRest(etcd);
    await measure(stage, app, 'etcd', 'before');
    await serverSide(stage, etcd, 'before', before);
    for (const [what, { full, share }] of Object.entries(SUBSCRIPTIONS)) {
      const count = kills >= 50 ? full : share;
      await subscribe(app, what, count);
      stage.figures[`begun and ended: ${what}`] = count;
    }
    await serverSide(stage, etcd, 'after', await atRest(etcd, before));
    await measure(stage, app, 'etcd', 'after');
    await app.ask('close');
    const { watchers, watchStreams, keepAliveStreams } = await atRest(etcd, NOTHING);
    const leases = (await etcd.leases()).length;
    for (const [what, value] of Object.entries({ watchers, watchStreams, keepAliveStreams, leases }))
      stage.recorder.record('etcd without clients', { kind: 'measured', what, when: 'after', value });
    const { events } = stage.recorder;
    return [
      ...noGrowth(events, 'etcd', 'heap', HEAP),
      ...leftInProcess(stage, 'etcd'),
      ...['watchers', 'watchStreams', 'keepAliveStreams', 'leases'].flatMap((what) => [
        ...nothingLeft(events, 'etcd server', what),
        ...nothingLeft(events, 'etcd without clients', what, 0),
      ]),
    ];
  },
};

/** The number of subscriptions on an agent; each costs a few requests. */
const ON_CONSUL = Object.freeze({
  watch: { full: 2_000, share: 100 },
  view: { full: 2_000, share: 100 },
  changes: { full: 2_000, share: 100 },
  key: { full: 200, share: 20 },
  session: { full: 200, share: 20 },
});

/** Connections that stay open: those for heartbeat requests, and that of a watch that continues. */
const LASTING = 16 + 1;

/** Resolves when the unused connections are closed, or after a while. */
async function idle(app: Worker): Promise<void> {
  const gone = async (): Promise<boolean> => (await app.ask<Belongings>('belongings')).connections <= LASTING;
  await until('idle connections to go', gone, { deadline: 60_000, every: 500 }).catch(() => undefined);
}

/** The same on a Consul agent, where each watch is a connection. */
export const leakOnConsul: Scenario = {
  name: 'leak-consul',
  promise:
    'However often something is watched, kept or subscribed to in Consul and ended, no timer, session, service, key or connection is left, and Node warns of nothing',

  async run(stage, { kills }) {
    const consul = await stage.consul();
    const app = await follow(stage, `consul://${consul.host}:${consul.port}`);
    const left = async (when: 'before' | 'after'): Promise<void> => {
      const sessions = (await consul.json<unknown[]>('/v1/session/list')).length;
      const services = Object.keys(await consul.json<object>('/v1/agent/services')).length;
      const keys = (await consul.request('/v1/kv/?keys')).status === 404 ? 0 : 1;
      for (const [what, value] of Object.entries({ sessions, services, keys }))
        stage.recorder.record('consul server', { kind: 'measured', what, when, value });
    };
    for (const [what, { full, share }] of Object.entries(ON_CONSUL))
      await subscribe(app, what, kills >= 50 ? full : share);
    await idle(app);
    await left('before');
    await measure(stage, app, 'consul', 'before');
    for (const [what, { full, share }] of Object.entries(ON_CONSUL)) {
      const count = kills >= 50 ? full : share;
      await subscribe(app, what, count);
      stage.figures[`begun and ended: ${what}`] = count;
    }
    await idle(app);
    await measure(stage, app, 'consul', 'after');
    await left('after');
    const { events } = stage.recorder;
    return [
      ...noGrowth(events, 'consul', 'heap', HEAP),
      ...nothingLeft(events, 'consul', 'sockets', 1),
      ...nothingLeft(events, 'consul', 'connections', LASTING),
      ...nothingLeft(events, 'consul', 'timers'),
      ...nothingLeft(events, 'consul', 'warnings', 0),
      ...nothingLeft(events, 'consul', 'others'),
      ...['sessions', 'services', 'keys'].flatMap((what) => nothingLeft(events, 'consul server', what)),
    ];
  },
};

const NOTHING: EtcdLoad = Object.freeze({ watchers: 0, watchStreams: 0, keepAliveStreams: 0, renewals: 0 });

async function follow(stage: Stage, url: string): Promise<Worker> {
  const settings: LeakSettings = { url };
  const worker = stage.worker('leak', settings, 'close');
  await worker.ask('ready');
  return worker;
}

/** Resolves once the server has processed every request that it received before the last watch was answered. */
async function subscribe(app: Worker, what: string, count: number): Promise<void> {
  await app.ask('subscribe', { what, count });
  await app.ask('subscribe', { what: 'watch', count: 1 });
}

/** Writes all instances at once, again and again, with versions from one to another, until the last is in the list. */
async function flow(
  store: Store,
  app: Worker,
  { from, to, instances = INSTANCES }: { from: number; to: number; instances?: number },
): Promise<void> {
  for (let version = from; version <= to; version += 1) {
    const writes: Record<string, string> = {};
    for (let i = 0; i < instances; i += 1) writes[`${PREFIX}i${i}`] = instance(i, version);
    const revision = await store.writeSurely(writes satisfies Writes);
    if (version % COMPACTION !== 0 && version !== to) continue;
    // The list first: a watch that lags behind a compaction lists again, and takes the updates as one.
    await app.ask('reached', String(version));
    await store.compact(revision - 1);
  }
}

/** A single update. A waiting watch retains its last delivery, which must be equally small each time. */
async function trickle(store: Store, app: Worker, version: number): Promise<void> {
  await flow(store, app, { from: version, to: version, instances: 1 });
}

function instance(index: number, version: number): string {
  const meta = { version: String(version) };
  return JSON.stringify({ Op: 0, Addr: `10.0.0.1:${1_000 + index}`, Metadata: { id: `i${index}`, meta } });
}

async function measure(stage: Stage, app: Worker, who: string, when: 'before' | 'after'): Promise<void> {
  const had = await app.ask<Belongings>('belongings');
  for (const [what, value] of Object.entries(had))
    stage.recorder.record(who, { kind: 'measured', what, when, value: value as number });
  stage.figures[`${who} ${when}`] =
    `heap ${(had.heap / 1e6).toFixed(2)} MB, ${had.sockets} sockets, ${had.connections} connections, ${had.timers} timers, ${had.listeners} listeners`;
}

function leftInProcess(stage: Stage, who: string): Finding[] {
  const { events } = stage.recorder;
  return [
    ...['sockets', 'timers', 'others', 'listeners'].flatMap((what) => nothingLeft(events, who, what)),
    ...nothingLeft(events, who, 'warnings', 0),
  ];
}

async function serverSide(
  stage: Stage,
  etcd: EtcdCluster,
  when: 'before' | 'after',
  { watchers, watchStreams, keepAliveStreams }: EtcdLoad,
): Promise<void> {
  const leases = (await etcd.leases()).length;
  for (const [what, value] of Object.entries({ watchers, watchStreams, keepAliveStreams, leases }))
    stage.recorder.record('etcd server', { kind: 'measured', what, when, value });
  stage.figures[`etcd's side ${when}`] =
    `${watchers} watchers, ${watchStreams} watch streams, ${keepAliveStreams} keepalive streams, ${leases} leases`;
}

/** The server's pending work, once it is at most `most`, or after a timeout. */
async function atRest(etcd: EtcdCluster, most?: EtcdLoad): Promise<EtcdLoad> {
  let load = await etcdLoad(etcd.members[0]!.metricsUrl);
  const rested = async (): Promise<boolean> => {
    load = await etcdLoad(etcd.members[0]!.metricsUrl);
    if (!most) return true;
    return (
      load.watchers <= most.watchers &&
      load.watchStreams <= most.watchStreams &&
      load.keepAliveStreams <= most.keepAliveStreams
    );
  };
  await until('the server to be at rest', rested, { deadline: 5_000 }).catch(() => undefined);
  return load;
}
