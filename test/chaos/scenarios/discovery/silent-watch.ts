import { type EtcdMember } from '../../../harness/etcd-member.js';
import { type TcpProxy } from '../../../harness/proxy.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { pickOne } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { neverStale, noPickFailed, saidAt, saidWithin } from '../../validators/freshness.js';
import { noFalseEmpty, seenAt, seenWithin } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { ConsulPlace, EtcdPlace } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'quiet';
const WHO = 'reader';
const FOLLOWER = { who: WHO, service: SERVICE };

/** Milliseconds from the silence of the member that carries the watch until a change made at another is seen. */
const ELSEWHERE = 6_000;

/** Milliseconds from the silence of the whole registry until the list says that it is stale. */
const STALE = 7_000;

interface Silence {
  readonly what: string;
  begin(stage: Stage, member: EtcdMember, proxy: TcpProxy): Promise<void> | void;
  end(stage: Stage, member: EtcdMember, proxy: TcpProxy): void;
}

const ofTheNetwork = (what: 'swallow' | 'stall'): Silence => ({
  what: what === 'swallow' ? 'the connection swallows everything' : 'the network drops everything',
  begin: (stage, { name }, proxy) => {
    stage.fault(name, what, 'begin');
    proxy[what]();
  },
  end: (stage, { name }, proxy) => {
    proxy.pass();
    stage.fault(name, what, 'end');
  },
});

const WAYS: readonly Silence[] = [
  {
    what: 'the member is stopped',
    begin: async (stage, member) => await stage.pause(member),
    end: (stage, member) => stage.resume(member),
  },
  ofTheNetwork('swallow'),
  ofTheNetwork('stall'),
];

/** The member a quiet watch is connected to goes silent with its connections open. */
export const silentWatchEtcd: Scenario = {
  name: 'silent-watch-etcd',
  promise:
    'When the member that carries a watch goes silent with its connections open, a change made at another is seen within 6 s, and no list is stale for it',

  async run(stage, { kills }) {
    const place = await EtcdPlace.open(stage, { size: 3 });
    await place.write(SERVICE, { a: '0' });
    const { url, proxies } = await place.way();
    await start(stage, url);
    const from = monotonic();
    const took = new Map<string, number>();
    const findings: Finding[] = [];
    let mark = 0;
    for (let round = 0; round < Math.max(1, Math.ceil(kills / 10)); round++)
      for (const way of kills > 5 ? WAYS : [WAYS[0]!, pickOne(stage.random, WAYS.slice(1))]) {
        const carrier = await carrierOf(proxies);
        const [member, proxy] = [place.etcd.members[carrier]!, proxies[carrier]!];
        const since = monotonic();
        await way.begin(stage, member, proxy);
        await place.write(SERVICE, { a: String(++mark) });
        await seen(stage, [WHO], SERVICE, { a: String(mark) }, 2 * ELSEWHERE);
        const { events } = stage.recorder;
        const at = seenAt(events, FOLLOWER, 'a', String(mark), since) ?? Infinity;
        took.set(way.what, Math.max(took.get(way.what) ?? 0, Math.round(at - since)));
        findings.push(...seenWithin(events, FOLLOWER, ['a', String(mark)], since, ELSEWHERE));
        way.end(stage, member, proxy);
        await place.etcd.whenHealthy();
      }
    for (const [what, ms] of took) stage.figures[`slowest to see a change when ${what} (ms)`] = ms;
    const fresh = neverStale(stage.recorder.events, FOLLOWER, { from, to: Infinity });
    return [...findings, ...fresh, ...sound(stage)];
  },
};

/** A whole registry stops answering: no change can be seen, and the list is reported as stale. */
export const silentWatchConsul: Scenario = {
  name: 'silent-watch-consul',
  promise:
    'When a Consul agent goes silent with its connections open, or the network drops everything, the list says within 7 s that it is stale, and sees what changed once that is over',

  async run(stage, { kills }) {
    const place = await ConsulPlace.open(stage);
    await place.write(SERVICE, { a: '0' });
    const { url, proxies } = await place.way();
    await start(stage, url);
    const findings: Finding[] = [];
    let [mark, slowest, seenAfter] = [0, 0, 0];
    const silenced = async (what: string, begin: () => unknown, end: () => unknown): Promise<void> => {
      const since = monotonic();
      stage.fault('consul', what, 'begin');
      await begin();
      await sleep(STALE);
      await end();
      stage.fault('consul', what, 'end');
      const over = monotonic();
      await place.write(SERVICE, { a: String(++mark) });
      await seen(stage, [WHO], SERVICE, { a: String(mark) }, 2 * ELSEWHERE);
      const { events } = stage.recorder;
      slowest = Math.max(slowest, (saidAt(events, FOLLOWER, true, since) ?? Infinity) - since);
      seenAfter = Math.max(seenAfter, (seenAt(events, FOLLOWER, 'a', String(mark), over) ?? Infinity) - over);
      findings.push(
        ...saidWithin(events, FOLLOWER, true, since, STALE),
        ...seenWithin(events, FOLLOWER, ['a', String(mark)], over, ELSEWHERE),
      );
    };
    for (let round = 0; round < Math.max(1, Math.ceil(kills / 10)); round++) {
      const { agent } = place;
      await silenced(
        'pause',
        async () => await agent.pause(),
        () => agent.resume(),
      );
      if (kills <= 5) continue;
      await silenced(
        'stall',
        () => proxies.forEach((proxy) => proxy.stall()),
        () => proxies.forEach((proxy) => proxy.pass()),
      );
    }
    stage.figures['slowest to be stale (ms)'] = Math.round(slowest);
    stage.figures['slowest to see a change when it is over (ms)'] = Math.round(seenAfter);
    return [...findings, ...sound(stage)];
  },
};

async function start(stage: Stage, registry: string): Promise<void> {
  await stage.application({ name: WHO, registry, piloted: { services: [SERVICE] }, follow: [SERVICE] });
}

function sound(stage: Stage): Finding[] {
  const { events } = stage.recorder;
  return [...noPickFailed(events, FOLLOWER), ...noFalseEmpty(events, FOLLOWER)];
}

/** Milliseconds in which a quiet watch shows at least twice that it is alive. */
const SIGNS_OF_LIFE = 4_600;

/** The index of the member that the watch hears of. */
async function carrierOf(proxies: readonly TcpProxy[]): Promise<number> {
  const before = proxies.map(({ counts }) => counts.bytesDown);
  await sleep(SIGNS_OF_LIFE);
  const grown = proxies.map(({ counts }, i) => counts.bytesDown - before[i]!);
  return grown.indexOf(Math.max(...grown));
}
