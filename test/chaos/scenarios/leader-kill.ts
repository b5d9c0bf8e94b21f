import { monotonic } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { noGap } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Scenario } from './scenario.js';

/** Milliseconds from the leader's death to the first renewal that is acknowledged. */
const WITHIN = 2_500;

/** The leader dies; a renewal is acknowledged soon after. */
export const leaderKill: Scenario = {
  name: 'leader-kill',
  promise: 'The first renewal is acknowledged within 2.5 s of the death of the leader',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, fsync: true });
    const heart = await stage.heart(etcd.endpoints, 'led', 3);
    const end = stage.read(etcd, heart.key);
    const findings: Finding[] = [];
    const until = monotonic() + minutes * 60_000;
    const rounds = Math.max(2, Math.ceil(kills / 10));
    const took: number[] = [];
    for (let round = 0; round < rounds && monotonic() < until; round++) {
      await heart.nextAck();
      const leader = await etcd.leader();
      await stage.kill(leader);
      const killed = monotonic();
      const ack = await heart.nextAck(killed);
      took.push(ack - killed);
      if (ack - killed > WITHIN) {
        const text = `Expected a renewal within ${WITHIN} ms of the leader's death, it took ${Math.round(ack - killed)} ms.`;
        findings.push({ promise: 'renewed soon', who: heart.who, at: ack, text });
      }
      await stage.restart(leader);
      await etcd.whenHealthy();
    }
    await end();
    stage.figures['leaders killed'] = took.length;
    stage.figures['slowest renewal after a leader kill (ms)'] = Math.round(Math.max(...took));
    const { events } = stage.recorder;
    return [...findings, ...noGap(events, heart.key), ...exactStates(events, heart.who, [])];
  },
};
