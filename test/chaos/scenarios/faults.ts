import { type EtcdCluster } from '../../harness/etcd.js';
import { type TcpProxy } from '../../harness/proxy.js';
import { sleep } from '../../harness/wait.js';
import { between, pickOne } from '../random.js';
import { type Archive } from './archive.js';
import { type Stage } from './stage.js';
import { type Store } from './store.js';

/** An observer of the store, with the proxies between them. */
export interface Observer {
  readonly who: string;
  readonly proxies: readonly TcpProxy[];
}

/** A fault of a cluster or of an observer. It is over when the promise resolves. */
export type Fault = (
  stage: Stage,
  etcd: EtcdCluster,
  store: Store,
  archive: Archive,
  observer: Observer,
) => Promise<void>;

/** A member is killed and restarted. */
const kill: Fault = async (stage, etcd) => {
  const member = pickOne(stage.random, etcd.members);
  await stage.kill(member);
  await sleep(between(stage.random, 0, 1_000));
  await stage.restart(member);
};

/** A member is paused and resumed. */
const hang: Fault = async (stage, etcd) => {
  const member = pickOne(stage.random, etcd.members);
  await stage.pause(member);
  await sleep(between(stage.random, 1_000, 3_000));
  stage.resume(member);
  await etcd.whenHealthy();
};

/** A member is cut off from the others. */
const partition: Fault = async (stage, etcd) => {
  const member = pickOne(stage.random, etcd.members);
  stage.fault(member.name, 'isolate', 'begin');
  etcd.isolate(member);
  await sleep(between(stage.random, 1_000, 4_000));
  etcd.network.heal();
  stage.fault(member.name, 'isolate', 'end');
  await etcd.whenHealthy();
};

/** All connections of one observer are reset. */
const cut: Fault = async (stage, _etcd, _store, _archive, { who, proxies }) => {
  stage.fault(who, 'cut', 'begin');
  for (const proxy of proxies) proxy.cut();
  stage.fault(who, 'cut', 'end');
  await Promise.resolve();
};

/** History is compacted while one watch is disconnected. */
export const compaction: Fault = async (stage, _etcd, store, archive, { who, proxies }) => {
  stage.fault(who, 'away during a compaction', 'begin');
  for (const proxy of proxies) proxy.drop();
  await sleep(between(stage.random, 300, 1_000));
  await store.compact(await archive.upToNow());
  for (const proxy of proxies) proxy.pass();
  stage.fault(who, 'away during a compaction', 'end');
};

/** The faults that a watch must survive. */
export const FAULTS: readonly Fault[] = [kill, hang, partition, cut, compaction];
