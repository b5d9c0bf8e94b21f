import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed, saidAt, saidWithin, staleWithAge } from '../../validators/freshness.js';
import { netDifference, noFalseEmpty, seenWithin } from '../../validators/lists.js';
import { type Scenario, type Size } from '../scenario.js';
import { type Stage } from '../stage.js';
import { ConsulPlace, EtcdPlace, type Place, type Way } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'lasting';
const IDS = ['a', 'b', 'c'];

/** Seconds without a registry, unless `--minutes` says how long it may be in all. */
const DOWN = 9;
const MOST = 600;

/** Milliseconds from the death of a registry until its lists say that they are stale. */
const NOTICED = 7_000;

/** Milliseconds from its return until 99 of 100 are fresh. */
const FRESH = 5_000;

const PROMISE =
  'no pick fails, the list stays, stale and ageing, and is fresh within 5 s of the return with no empty list between';

interface Mortal {
  readonly place: Place;
  die(): Promise<void>;
  rise(): Promise<void>;
}

export const registryDeadEtcd: Scenario = {
  name: 'registry-dead-etcd',
  promise: `While an etcd cluster is dead, for as long as it may be, ${PROMISE}`,
  async run(stage, size) {
    const place = await EtcdPlace.open(stage, { size: 3 });
    const { members } = place.etcd;
    return await outlived(stage, size, {
      place,
      die: async () => {
        await Promise.all(members.map(async (member) => await stage.kill(member)));
      },
      rise: async () => {
        await Promise.all(members.map(async (member) => await stage.restart(member)));
      },
    });
  },
};

export const registryDeadConsul: Scenario = {
  name: 'registry-dead-consul',
  promise: `While a Consul agent is dead, for as long as it may be, ${PROMISE}`,
  async run(stage, size) {
    const place = await ConsulPlace.open(stage, { persistent: true });
    return await outlived(stage, size, {
      place,
      die: async () => {
        stage.fault('consul', 'kill', 'begin');
        await place.agent.kill();
      },
      rise: async () => {
        await place.agent.restart();
        stage.fault('consul', 'kill', 'end');
      },
    });
  },
};

async function outlived(stage: Stage, { kills, minutes }: Size, mortal: Mortal): Promise<readonly Finding[]> {
  const rounds = Math.max(1, Math.ceil(kills / 20));
  const down = minutes === undefined ? DOWN : Math.min(MOST, (minutes * 60) / rounds);
  const { place } = mortal;
  await place.write(SERVICE, Object.fromEntries(IDS.map((id) => [id, '0'])));
  // The connections of some are refused meanwhile, the bytes of others are swallowed.
  const each = Array.from({ length: Math.min(4, Math.ceil(kills / 10)) }, (_, i) => i);
  const swallowed = each.map((i) => `swallowed ${i}`);
  const readers = [...each.map((i) => `refused ${i}`), ...swallowed];
  const ways = new Map<string, Way>();
  for (const who of readers) ways.set(who, await place.way());
  await Promise.all(
    [...ways].map(
      async ([name, { url }]) =>
        await stage.application({
          name,
          registry: url,
          piloted: { services: [SERVICE] },
          follow: [SERVICE],
        }),
    ),
  );
  const findings: Finding[] = [];
  const took: { stale: number; fresh: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    const { recorder } = stage;
    const died = monotonic();
    for (const who of swallowed) for (const proxy of ways.get(who)!.proxies) proxy.swallow();
    await mortal.die();
    await sleep(down * 1_000);
    const before = monotonic();
    await mortal.rise();
    for (const who of swallowed) for (const proxy of ways.get(who)!.proxies) proxy.pass();
    const back = monotonic();
    const fresh = (who: string): number | undefined =>
      saidAt(recorder.events, { who, service: SERVICE }, false, back);
    await until('all readers to be fresh', () => readers.every((who) => fresh(who) !== undefined), {
      deadline: 4 * stage.limit(FRESH),
      every: 100,
    }).catch(() => undefined);
    const written = monotonic();
    await place.write(SERVICE, { a: String(round) });
    await seen(stage, readers, SERVICE, { a: String(round) }, stage.limit(FRESH));
    const { events } = recorder;
    for (const who of readers) {
      const follower = { who, service: SERVICE };
      const staleAt = saidAt(events, follower, true, died) ?? Infinity;
      took.push({
        stale: staleAt - died,
        fresh: (fresh(who) ?? Infinity) - back,
      });
      findings.push(
        ...netDifference(events, follower, { from: died, to: written }, undefined),
        ...saidWithin(events, follower, true, died, stage.limit(NOTICED)),
        ...staleWithAge(events, follower, { from: Math.max(died + NOTICED, staleAt), to: before }),
        ...seenWithin(events, follower, ['a', String(round)], written, stage.limit(FRESH)),
      );
    }
  }
  const late = percentile(
    took.map(({ fresh }) => fresh),
    0.99,
  );
  stage.figures['seconds without the registry, each time'] = down;
  stage.figures['times, readers'] = `${rounds}, ${readers.length}`;
  stage.figures['slowest to be stale (ms)'] = Math.round(Math.max(...took.map(({ stale }) => stale)));
  stage.figures['fresh after the return, p50, p99 (ms)'] = `${Math.round(
    percentile(
      took.map(({ fresh }) => fresh),
      0.5,
    ),
  )}, ${Math.round(late)}`;
  const limit = stage.limit(FRESH);
  if (late > limit) {
    const text = `Expected 99 of 100 lists to be fresh within ${Math.round(limit)} ms of the return, it took ${Math.round(late)} ms.`;
    findings.push({ promise: 'fresh in time', who: 'readers', at: monotonic(), text, timed: true });
  }
  const { events } = stage.recorder;
  return [
    ...findings,
    ...readers.flatMap((who) => noPickFailed(events, { who, service: SERVICE })),
    ...readers.flatMap((who) => noFalseEmpty(events, { who, service: SERVICE })),
  ];
}

/** The value that so large a share of all is not above. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
