import { type EtcdCluster } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { type TcpProxy } from '../../harness/proxy.js';
import { monotonic, sleep } from '../../harness/wait.js';
import { type Event, type EventOf } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from '../validators/finding.js';
import { noGap, type Span } from '../validators/presence.js';
import { exactStates } from '../validators/states.js';
import { type Heart } from '../application/heart.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

/** Seconds. */
const TTL = 6;

/**
 * Milliseconds in which an entry is repaired that etcd itself removed: a leader that was stopped and resumes may still
 * revoke leases that were renewed meanwhile (https://github.com/etcd-io/etcd/issues/15247).
 */
const PUT_RIGHT = 1_000;

/** A way to silence the member that carries the heartbeat, and to end that. */
interface Silence {
  readonly what: string;
  begin(stage: Stage, member: EtcdMember, proxy: TcpProxy, etcd: EtcdCluster): Promise<void> | void;
  end(stage: Stage, member: EtcdMember, proxy: TcpProxy, etcd: EtcdCluster): Promise<void> | void;
}

const SWALLOWED: Silence = {
  what: 'swallow',
  begin: (stage, member, proxy) => {
    stage.fault(member.name, 'swallow', 'begin');
    proxy.swallow();
  },
  end: (stage, member, proxy) => {
    proxy.pass();
    stage.fault(member.name, 'swallow', 'end');
  },
};

const PAUSED: Silence = {
  what: 'pause',
  begin: async (stage, member) => await stage.pause(member),
  end: (stage, member) => stage.resume(member),
};

const ISOLATED: Silence = {
  what: 'isolate',
  begin: (stage, member, _proxy, etcd) => {
    stage.fault(member.name, 'isolate', 'begin');
    etcd.isolate(member);
  },
  end: (stage, member, _proxy, etcd) => {
    etcd.network.heal();
    stage.fault(member.name, 'isolate', 'end');
  },
};

/** The member the heartbeat talks to keeps its connections open and says nothing: another one renews in time. */
export const blackHole: Scenario = {
  name: 'black-hole',
  promise:
    'When the member that carries the heartbeat falls silent, another renews before two thirds of the TTL',
  run: async (stage, { kills }) =>
    await silence(stage, [SWALLOWED, PAUSED], Math.max(1, Math.ceil(kills / 20)), (TTL * 1_000 * 2) / 3),
};

/** The member the heartbeat talks to is cut off from the others, and still answers the client's pings. */
export const minorityMember: Scenario = {
  name: 'minority-member',
  promise:
    'A member that has lost the quorum is left, and the lease renewed elsewhere, before the TTL is over',
  run: async (stage, { kills }) =>
    await silence(stage, [ISOLATED], Math.max(1, Math.ceil(kills / 20)), TTL * 1_000),
};

async function silence(
  stage: Stage,
  ways: readonly Silence[],
  rounds: number,
  within: number,
): Promise<readonly Finding[]> {
  const etcd = await stage.etcd({ size: 3, partitions: ways.includes(ISOLATED) });
  const proxies = await stage.proxies(etcd);
  const endpoints = proxies.map(({ endpoint }) => endpoint);
  const heart = await stage.heart(endpoints, 'silenced', TTL);
  const end = stage.read(etcd, heart.key);
  const findings: Finding[] = [];
  const revoking: Span[] = [];
  let longest = 0;
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const carrier = await carrierOf(heart, proxies);
      const member = etcd.members[carrier]!;
      const proxy = proxies[carrier]!;
      heart.watchAge();
      await way.begin(stage, member, proxy, etcd);
      await sleep(TTL * 1_000 * 1.5);
      const { longestSilence } = heart;
      longest = Math.max(longest, longestSilence);
      const limit = stage.limit(within);
      if (longestSilence > limit) {
        const text = `Expected a renewal within ${Math.round(limit)} ms of the last, it took ${Math.round(longestSilence)} ms.`;
        findings.push({
          promise: `renewed elsewhere (${way.what})`,
          who: heart.who,
          at: monotonic(),
          text,
          timed: true,
        });
      }
      const from = monotonic();
      await way.end(stage, member, proxy, etcd);
      await etcd.whenHealthy();
      if (way === PAUSED) {
        revoking.push({ from, to: from + PUT_RIGHT });
        await sleep(PUT_RIGHT);
      }
    }
  }
  await end();
  stage.figures['members silenced'] = rounds * ways.length;
  stage.figures['longest time between two acknowledgements (ms)'] = Math.round(longest);
  const { events } = stage.recorder;
  const taken = takenByEtcd(ofKind(events, 'state'), revoking);
  stage.figures['leases revoked by a member that was stopped'] = taken.length / 2;
  return [
    ...findings,
    ...noGap(events, heart.key, { except: revoking }),
    ...exactStates(
      events.filter((event) => !taken.includes(event)),
      heart.who,
      [],
    ),
  ];
}

/** Each `lost` by a deletion, or by the end of the lease, while a member that was stopped may revoke, with the `restored` that follows it in time. */
function takenByEtcd(states: readonly EventOf<'state'>[], revoking: readonly Span[]): Event[] {
  return states.flatMap((lost, i) => {
    const restored = states[i + 1];
    const span = revoking.find(({ from, to }) => lost.at >= from && lost.at <= to);
    const isTaken = lost.reason === 'deleted' || lost.reason === 'revoked';
    if (!isTaken || !span || restored?.state !== 'restored' || restored.at > span.to) return [];
    return [lost, restored];
  });
}

/** The index of the member that the next renewal goes through. */
async function carrierOf(heart: Heart, proxies: readonly TcpProxy[]): Promise<number> {
  const acked = await heart.nextAck();
  const before = proxies.map(({ counts }) => counts.bytesDown);
  await heart.nextAck(acked + 1);
  const grown = proxies.map(({ counts }, i) => counts.bytesDown - before[i]!);
  return grown.indexOf(Math.max(...grown));
}
