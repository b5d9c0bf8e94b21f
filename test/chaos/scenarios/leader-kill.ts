import { monotonic } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { noGap, readingsOf } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type EventOf } from '../recording/event.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Milliseconds from the leader's death to the first renewal that is acknowledged. */
const WITHIN = 2_500;

/** Milliseconds from the first answer of a cluster that took longer than that to elect a leader. */
const AFTER_ELECTION = 500;

/** The leader dies; a renewal is acknowledged soon after. */
export const leaderKill: Scenario = {
  name: 'leader-kill',
  promise: 'The first renewal is acknowledged within 2.5 s of the death of the leader',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, fsync: true });
    const heart = await stage.heart(etcd.endpoints, 'led', 3);
    const end = stage.read(etcd, heart.key);
    const until = monotonic() + minutes * 60_000;
    const rounds = Math.max(2, Math.ceil(kills / 10));
    const deaths: Death[] = [];
    for (let round = 0; round < rounds && monotonic() < until; round++) {
      await heart.nextAck();
      const leader = await etcd.leader();
      await stage.kill(leader);
      const killed = monotonic();
      deaths.push({ killed, ack: await heart.nextAck(killed) });
      await stage.restart(leader);
      await etcd.whenHealthy();
    }
    await end();
    const took = deaths.map(({ killed, ack }) => ack - killed);
    stage.figures['leaders killed'] = took.length;
    stage.figures['slowest renewal after a leader kill (ms)'] = Math.round(Math.max(...took));
    const { events } = stage.recorder;
    const readings = readingsOf(events, heart.key);
    const late = deaths.flatMap((death) => lateRenewal(stage, heart.who, death, readings));
    return [...late, ...noGap(events, heart.key), ...exactStates(events, heart.who, [])];
  },
};

interface Death {
  readonly killed: number;
  readonly ack: number;
}

/** A renewal cannot come before the election that it needs; an independent reader saw when that was over. */
function lateRenewal(
  stage: Stage,
  who: string,
  { killed, ack }: Death,
  readings: readonly EventOf<'reading'>[],
): Finding[] {
  const elected = Math.min(...readings.filter(({ began }) => began > killed).map(({ at }) => at));
  const within = stage.limit(WITHIN);
  const latest = Math.max(
    killed + within,
    Number.isFinite(elected) ? elected + stage.limit(AFTER_ELECTION) : 0,
  );
  if (ack <= latest) return [];
  const answered = Number.isFinite(elected) ? `after ${Math.round(elected - killed)} ms` : 'never';
  const text = `Expected a renewal within ${Math.round(within)} ms of the leader's death, it took ${Math.round(ack - killed)} ms; a reader was answered ${answered}.`;
  return [{ promise: 'renewed soon', who, at: ack, text, timed: true }];
}
