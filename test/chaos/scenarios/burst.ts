import { type Worker } from '../../harness/worker.js';
import { grewBy } from '../validators/growth.js';
import { type LeakSettings } from '../workers/leak.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store } from './store.js';

/** Changes that arrive together. */
const CHANGES = 10_000;

/** Keys that are written in one transaction. */
const AT_ONCE = 1_000;

/** Ten thousand instances die with one lease. */
export const burst: Scenario = {
  name: 'burst',
  promise: 'Ten thousand changes that arrive in one batch make one new list, and one event',

  async run(stage) {
    const etcd = await stage.etcd({ args: [`--max-txn-ops=${AT_ONCE}`] });
    const store = new Store(etcd);
    const lease = await store.grant(600);
    for (let from = 0; from < CHANGES; from += AT_ONCE) await store.writeSurely(instances(from), lease);
    const settings: LeakSettings = { url: `etcd://${etcd.hosts}` };
    const app = stage.worker('leak', settings, 'close');
    await app.ask('populated', CHANGES);
    await app.ask('longestDelay');
    await count(stage, app, 'before');
    stage.fault('the lease of all instances', 'revoke', 'begin');
    await store.revoke(lease);
    await app.ask('populated', 0);
    await count(stage, app, 'after');
    stage.figures['changes in one batch'] = CHANGES;
    stage.figures['event loop late at most (ms)'] = Math.round(await app.ask<number>('longestDelay'));
    return grewBy(stage.recorder.events, 'application', 'lists', 1);
  },
};

function instances(from: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: AT_ONCE }, (_, i) => {
      const id = `i${from + i}`;
      const value = { Op: 0, Addr: `10.0.0.1:${1_000 + from + i}`, Metadata: { id } };
      return [`/nestjs-sidekick/leak/${id}`, JSON.stringify(value)];
    }),
  );
}

async function count(stage: Stage, app: Worker, when: 'before' | 'after'): Promise<void> {
  const { lists } = await app.ask<{ lists: number }>('counts');
  stage.recorder.record('application', { kind: 'measured', what: 'lists', when, value: lists });
}
