import { type EtcdCluster } from '../../harness/etcd.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { backWithin, noGap, sameLease } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Pauses two of three members until the moment `end`; resolves with the time at which they resume. */
async function withoutQuorum(stage: Stage, etcd: EtcdCluster, end: number): Promise<number> {
  const leader = await etcd.leader();
  const followers = etcd.members.filter((member) => member !== leader);
  await Promise.all(followers.map(async (member) => await stage.pause(member)));
  await sleep(end - monotonic());
  for (const member of followers) stage.resume(member);
  return monotonic();
}

/** The quorum is lost for slightly less than a TTL. */
export const quorumLostBriefly: Scenario = {
  name: 'quorum-lost-briefly',
  promise: 'When the quorum is lost for the TTL less 2 s, the same lease is renewed and nothing is lost',

  async run(stage) {
    const ttl = 10;
    const etcd = await stage.etcd({ size: 3 });
    const heart = await stage.heart(etcd.endpoints, 'brief', ttl);
    const end = stage.read(etcd, heart.key);
    // The count begins right after a renewal, when the whole TTL remains.
    const renewed = await heart.nextAck();
    const back = await withoutQuorum(stage, etcd, renewed + (ttl - 2) * 1_000);
    stage.figures['renewed after the quorum was back (ms)'] = Math.round((await heart.nextAck(back)) - back);
    await sleep(ttl * 1_000);
    await end();
    const { events } = stage.recorder;
    return [
      ...noGap(events, heart.key),
      ...sameLease(events, heart.key),
      ...exactStates(events, heart.who, []),
    ];
  },
};

/** Milliseconds: the longest pause between two tries of a heartbeat that is lost, and what a try may take. */
const ONE_RETRY_STEP = 6_500;

/** The quorum is lost for longer than a TTL. */
export const quorumLostLong: Scenario = {
  name: 'quorum-lost-long',
  promise:
    'When the quorum is lost for longer than the TTL, there is one lost and one restored, and the key is back within one retry step',

  async run(stage) {
    const ttl = 4;
    const etcd = await stage.etcd({ size: 3 });
    const heart = await stage.heart(etcd.endpoints, 'long', ttl);
    const end = stage.read(etcd, heart.key);
    const renewed = await heart.nextAck();
    const back = await withoutQuorum(stage, etcd, renewed + (ttl + 3) * 1_000);
    stage.figures['renewed after the quorum was back (ms)'] = Math.round((await heart.nextAck(back)) - back);
    await sleep(ttl * 2_000);
    await end();
    const { events } = stage.recorder;
    return [
      ...exactStates(events, heart.who, ['lost', 'restored']),
      ...backWithin(events, heart.key, back, stage.limit(ONE_RETRY_STEP)),
      ...noGap(events, heart.key, { during: { from: back + stage.limit(ONE_RETRY_STEP), to: Infinity } }),
    ];
  },
};
