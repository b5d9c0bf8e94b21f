import { monotonic, sleep } from '../../harness/wait.js';
import { between, pickOne } from '../random.js';
import { noGap } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Scenario } from './scenario.js';

/** Members die at random and come back; whoever reads never finds a key gone. */
export const killMembers: Scenario = {
  name: 'kill-members',
  promise:
    'No key with a TTL of 10 s or 3 s is ever absent while members of a cluster of three are killed and restarted',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, fsync: true });
    const hearts = [
      await stage.heart(etcd.endpoints, 'ten-seconds', 10),
      await stage.heart(etcd.endpoints, 'three-seconds', 3),
    ];
    const ends = hearts.map(({ key }) => stage.read(etcd, key));
    const until = monotonic() + minutes * 60_000;
    let done = 0;
    for (; done < kills && monotonic() < until; done++) {
      const member = pickOne(stage.random, etcd.members);
      await stage.kill(member);
      await sleep(between(stage.random, 0, 1_500));
      await stage.restart(member);
      await sleep(between(stage.random, 0, 1_000));
    }
    // What a kill has broken shows at the latest when the longest TTL is over.
    await sleep(10_500);
    for (const end of ends) await end();
    stage.figures.kills = done;
    const { events } = stage.recorder;
    return hearts.flatMap(({ key, who }) => [...noGap(events, key), ...exactStates(events, who, [])]);
  },
};
