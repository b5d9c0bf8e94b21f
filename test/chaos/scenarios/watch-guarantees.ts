import { type EtcdCluster } from '../../harness/etcd.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { between, pickOne } from '../random.js';
import { type Finding } from '../validators/finding.js';
import { watchFindings } from '../validators/watch-guarantees.js';
import { Archive } from './archive.js';
import { FAULTS, type Observer } from './faults.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store, type Writes } from './store.js';
import { type Watcher } from './watcher.js';

const PREFIX = 'watched/';
const WATCHERS = 3;
const KEYS = 8;

/** Milliseconds the watches are given to catch up when the faults are over. */
const CATCH_UP = 30_000;

/** An observer with a watcher. */
interface Watching extends Observer {
  readonly watcher: Watcher;
}

/** Watches survive kills, hung members, partitions, cut connections and compactions. */
export const watchGuarantees: Scenario = {
  name: 'watch-guarantees',
  promise:
    'Every watch is ordered, unique, reliable, atomic, resumable and bookmarkable, whatever happens to the cluster',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, partitions: true });
    const store = new Store(etcd);
    const archive = new Archive(store, PREFIX);
    await archive.upToNow();
    const observers: Watching[] = [];
    for (let i = 0; i < WATCHERS; i++) observers.push(await observe(stage, etcd, store, i));
    const writer = write(stage, store);
    stage.atEnd(async () => await writer.stop());
    const end = monotonic() + minutes * 60_000;
    let faults = 0;
    for (; faults < kills && monotonic() < end; faults++) {
      await pickOne(stage.random, FAULTS)(stage, etcd, store, archive, pickOne(stage.random, observers));
      await sleep(between(stage.random, 100, 800));
    }
    stage.figures.writes = await writer.stop();
    const last = await archive.upToNow();
    const late = await caughtUp(observers, last);
    for (const { watcher } of observers) await watcher.stop();
    stage.figures.faults = faults;
    stage.figures.changes = archive.changes.length;
    stage.figures['lists after a compaction'] = observers.reduce(
      (sum, { watcher }) => sum + watcher.resets,
      0,
    );
    return [...late, ...watchFindings({ recording: stage.recorder.events, history: archive.changes })];
  },
};

async function observe(stage: Stage, etcd: EtcdCluster, store: Store, index: number): Promise<Watching> {
  const proxies = await stage.proxies(etcd);
  const watcher = await stage.watcher(`watch ${index}`, proxies, store, PREFIX);
  return { who: watcher.who, watcher, proxies };
}

/** Writes all the time: single keys, several at once, and deletions. Errors are the faults' and say nothing. */
function write(stage: Stage, store: Store): { stop(): Promise<number> } {
  let writing = true;
  let acknowledged = 0;
  const one = (): Writes => {
    const count = between(stage.random, 0, 3) === 0 ? between(stage.random, 2, KEYS) : 1;
    const first = between(stage.random, 0, KEYS - 1);
    const value = String(acknowledged);
    return Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `${PREFIX}${(first + i) % KEYS}`,
        stage.random() < 0.25 ? undefined : value,
      ]),
    );
  };
  const goesOn = (): boolean => writing;
  const loop = (async () => {
    while (goesOn()) {
      const done = await store.write(one()).then(
        () => true,
        () => false,
      );
      if (done) acknowledged++;
      await sleep(5);
    }
  })();
  return {
    async stop() {
      writing = false;
      await loop;
      return acknowledged;
    },
  };
}

/** The events that each watch has not delivered after it had time to catch up. */
async function caughtUp(observers: readonly Watching[], last: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { watcher } of observers) {
    await until('the watch to catch up', () => watcher.upTo >= last, { deadline: CATCH_UP }).catch(() => {
      const text = `Expected everything up to revision ${last} within ${CATCH_UP} ms of the last fault, got up to ${watcher.upTo}.`;
      findings.push({
        promise: 'the watch comes to the end',
        who: watcher.who,
        at: monotonic(),
        text,
        timed: true,
      });
    });
  }
  return findings;
}
