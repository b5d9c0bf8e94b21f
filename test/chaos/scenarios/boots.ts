import { etcdLoad } from '../../harness/metrics.js';
import { sleep } from '../../harness/wait.js';
import { type Worker } from '../../harness/worker.js';
import { noGrowth, nothingLeft } from '../validators/growth.js';
import { type Belongings } from '../workers/belongings.js';
import { type BootsSettings } from '../workers/boots.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Share by which the heap may have grown. */
const HEAP = 0.05;

/** How often, at full size and as a share that every run can afford, and how often before it is looked at first. */
const MEMORY = { full: 1_000, share: 100, first: 100, warm: 1_000 };
const ETCD = { full: 100, share: 10, first: 10, warm: 100 };

/** gRPC forgets the connections that were closed within so many milliseconds; of many boots that shows. */
const FORGETS = { from: 100, ms: 21_000 };

/** Applications come and go in one process. */
export const leakOfBoots: Scenario = {
  name: 'leak-boots',
  promise:
    'However often an application with both modules boots and closes, no listener, timer, socket or memory is left',

  async run(stage, { kills }) {
    const full = kills >= 50;
    const memory = boots(stage, 'memory:');
    await count(
      stage,
      memory,
      'memory',
      full ? MEMORY.full : MEMORY.share,
      full ? MEMORY.warm : MEMORY.first,
    );

    const etcd = await stage.etcd({});
    const app = boots(stage, `etcd://${etcd.hosts}`);
    await count(stage, app, 'etcd', full ? ETCD.full : ETCD.share, full ? ETCD.warm : ETCD.first);
    const { watchers, watchStreams, keepAliveStreams } = await etcdLoad(etcd.members[0]!.metricsUrl);
    const leases = (await etcd.leases()).length;
    for (const [what, value] of Object.entries({ watchers, watchStreams, keepAliveStreams, leases }))
      stage.recorder.record('etcd server', { kind: 'measured', what, when: 'after', value });

    const { events } = stage.recorder;
    return [
      ...['memory', 'etcd'].flatMap((who) => [
        ...noGrowth(events, who, 'heap', HEAP),
        ...['sockets', 'timers', 'others', 'listeners'].flatMap((what) => nothingLeft(events, who, what)),
      ]),
      ...['watchers', 'watchStreams', 'keepAliveStreams', 'leases'].flatMap((what) =>
        nothingLeft(events, 'etcd server', what, 0),
      ),
    ];
  },
};

function boots(stage: Stage, url: string): Worker {
  const settings: BootsSettings = { url };
  return stage.worker('boots', settings);
}

async function count(stage: Stage, app: Worker, who: string, times: number, first: number): Promise<void> {
  await app.ask('boots', first);
  if (times >= FORGETS.from && who === 'etcd') await sleep(FORGETS.ms);
  await measure(stage, app, who, 'before');
  await app.ask('boots', times);
  if (times >= FORGETS.from && who === 'etcd') await sleep(FORGETS.ms);
  await measure(stage, app, who, 'after');
  stage.figures[`boots on ${who}`] = times;
}

async function measure(stage: Stage, app: Worker, who: string, when: 'before' | 'after'): Promise<void> {
  const had = await app.ask<Belongings>('belongings');
  for (const [what, value] of Object.entries(had))
    stage.recorder.record(who, { kind: 'measured', what, when, value: value as number });
  stage.figures[`${who} ${when}`] =
    `heap ${(had.heap / 1e6).toFixed(2)} MB, ${had.sockets} sockets, ${had.timers} timers, ${had.listeners} listeners`;
}
