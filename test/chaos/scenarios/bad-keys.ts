import { type EtcdCluster } from '../../harness/etcd.js';
import { type Worker } from '../../harness/worker.js';
import { sleep } from '../../harness/wait.js';
import { atLeast } from '../validators/growth.js';
import { noGap } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Misbehaviour, type Said } from '../workers/many.js';
import { many } from './cheap.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';
import { Store } from './store.js';

/** Seconds: of most keys, and of those whose lease is revoked. */
const TTL = 8;
const OTHER_TTL = 12;

/** Keys in all, at full size and as a share that every run can afford. */
const KEYS = { full: 1_000, share: 200 };
const OF_OTHER_LEASE = 5;

/** One key each that has its own trouble, and what its heartbeat has to say of it. */
const TAKEN = 'taken by another';
const DELETED = 'deleted by hand';
const BAD_VALUES: Readonly<Record<string, Misbehaviour>> = {
  'value throws': 'throws',
  'value hangs': 'hangs',
  'value is too long': 'is too long',
};

/** Among a thousand keys of one process a few fare badly, each in its own way. */
export const badKeys: Scenario = {
  name: 'bad-keys',
  promise:
    'A key that is taken, deleted, revoked, or whose value cannot be had never halts the others of its process',

  async run(stage, { kills }) {
    const etcd = await stage.etcd({});
    const store = new Store(etcd);
    const revoked = Array.from({ length: OF_OTHER_LEASE }, (_, i) => `revoked-${i}`);
    const troubled = [TAKEN, DELETED, ...Object.keys(BAD_VALUES)];
    const rest = (kills >= 50 ? KEYS.full : KEYS.share) - revoked.length - troubled.length;
    const good = Array.from({ length: rest }, (_, i) => `good-${i}`);
    const app = many(stage, {
      url: `etcd://${etcd.hosts}`,
      updateInterval: 2,
    });
    await app.ask('start', [
      ...[...good, ...troubled].map((key) => ({ key, ttl: TTL })),
      ...revoked.map((key) => ({ key, ttl: OTHER_TTL })),
    ]);
    const sample = [good[0]!, 'value hangs'];
    const ends = sample.map((key) => stage.read(etcd, key));
    await trouble(stage, etcd, store, app);
    // A heartbeat that halted is visible once the TTL is over.
    await sleep(TTL * 1_000 + 1_500);
    for (const end of ends) await end();

    for (const { at, key, type } of await app.ask<readonly Said[]>('said'))
      if (type === 'lost' || type === 'restored')
        stage.recorder.record(key, { kind: 'state', state: type }, at);
    const keys = [...good, ...troubled, ...revoked];
    await countLeases(stage, etcd, store, keys);
    const { events } = stage.recorder;
    const expected = new Map<string, readonly string[]>([
      [TAKEN, ['lost']],
      [DELETED, ['lost', 'restored']],
      ...revoked.map((key) => [key, ['lost', 'restored']] as const),
    ]);
    stage.figures.keys = keys.length;
    return [
      ...sample.flatMap((key) => noGap(events, key)),
      ...keys.flatMap((key) => exactStates(events, key, expected.get(key) ?? [])),
      ...keys.flatMap((key) => atLeast(events, key, 'leases', 1)),
    ];
  },
};

async function trouble(stage: Stage, etcd: EtcdCluster, store: Store, app: Worker): Promise<void> {
  for (const [key, how] of Object.entries(BAD_VALUES)) {
    stage.fault(key, how, 'begin');
    await app.ask('misbehave', { key, how });
  }
  stage.fault(TAKEN, 'taken', 'begin');
  await store.write({ [TAKEN]: 'of another' }, await store.grant(600));
  stage.fault(DELETED, 'deleted', 'begin');
  await store.write({ [DELETED]: undefined });
  const lease = await leaseOf(etcd, store, 'revoked-0');
  stage.fault('revoked', 'revoked', 'begin');
  await store.revoke(lease!);
}

/** Records how many leases stand behind each key. */
async function countLeases(
  stage: Stage,
  etcd: EtcdCluster,
  store: Store,
  keys: readonly string[],
): Promise<void> {
  const behind = new Map<string, number>();
  const leases = await etcd.leases();
  for (const id of leases)
    for (const key of await store.keysOf(decimal(id))) behind.set(key, (behind.get(key) ?? 0) + 1);
  stage.figures.leases = `${leases.length}, one of them another's`;
  for (const key of keys)
    stage.recorder.record(key, {
      kind: 'measured',
      what: 'leases',
      when: 'after',
      value: behind.get(key) ?? 0,
    });
}

async function leaseOf(etcd: EtcdCluster, store: Store, key: string): Promise<string | undefined> {
  for (const id of await etcd.leases())
    if ((await store.keysOf(decimal(id))).includes(key)) return decimal(id);
  return undefined;
}

/** An id as the API wants it, of one as etcdctl prints it. */
function decimal(id: string): string {
  return BigInt.asIntN(64, BigInt(`0x${id}`)).toString();
}
