import { monotonic, sleep, until } from '../../harness/wait.js';
import { between, pickOne } from '../random.js';
import { type Event } from '../recording/event.js';
import { noGap } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Scenario } from './scenario.js';

/** Members are killed at random and restarted; every read finds the key. */
export const killMembers: Scenario = {
  name: 'kill-members',
  promise:
    'No key with a TTL of 10 s or 3 s is ever absent while members of a cluster of three are killed and restarted',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, fsync: true });
    const quick = await stage.heart(etcd.endpoints, 'three-seconds', 3);
    const hearts = [await stage.heart(etcd.endpoints, 'ten-seconds', 10), quick];
    const ends = hearts.map(({ key }) => stage.read(etcd, key));
    const { recorder } = stage;
    const end = monotonic() + minutes * 60_000;
    let done = 0;
    for (; done < kills && monotonic() < end; done++) {
      const member = pickOne(stage.random, etcd.members);
      await stage.kill(member);
      await sleep(between(stage.random, 0, 1_500));
      await stage.restart(member);
      // Two elections with no renewal between them may take longer than 3 s: then it is the quorum that was lost.
      const back = monotonic();
      const renewed = (): boolean => recorder.events.findLast(isRenewal(quick.who))!.at >= back;
      await until('the quorum to renew', renewed, { deadline: 60_000 }).catch(() => undefined);
      await sleep(between(stage.random, 0, 1_000));
    }
    // The effects of a kill are visible once the longest TTL is over.
    await sleep(10_500);
    for (const stop of ends) await stop();
    stage.figures.kills = done;
    const { events } = recorder;
    return hearts.flatMap(({ key, who }) => [...noGap(events, key), ...exactStates(events, who, [])]);
  },
};

function isRenewal(of: string): (event: Event) => boolean {
  return ({ kind, who }) => kind === 'acknowledged' && who === of;
}
