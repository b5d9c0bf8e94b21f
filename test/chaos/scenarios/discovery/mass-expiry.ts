import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed } from '../../validators/freshness.js';
import { neverWithout, seenAt, seenWithin } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { prefixOf } from './etcd-instances.js';
import { EtcdPlace } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'crowd';
const WHO = 'reader';
const FOLLOWER = { who: WHO, service: SERVICE };

/** Seconds. */
const TTL = 3;
const GRACE = 4;

/** Milliseconds until a withdrawn instance is removed, and until one held for the grace is. */
const SOON = 2_500;

/** How many of the 20 instances each process keeps. The first to be killed has 30 % of them. */
const MANY = names('many', 6);
const SINGLE = names('single', 1);
const OTHERS = names('other', 13);

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${kind}${i}`);
}

/** Processes die at once with all their instances; a discovering process suspects the registry first. */
export const massExpiry: Scenario = {
  name: 'mass-expiry',
  promise:
    'When 30 % of 20 instances expire at once they are held for the grace: who is back within it was never away, who is not is gone after it, one alone goes at once, and what is withdrawn goes at once in any case',
  needs: { 'expiry-guard': 'never without' },

  async run(stage, { kills }) {
    const place = await EtcdPlace.open(stage);
    const registry = `etcd://${place.etcd.hosts}`;
    const left = async (): Promise<number> => (await place.store.list(prefixOf(SERVICE))).entries.length;
    const [many, successor, single, others] = await Promise.all(
      ['many', 'successor', 'single', 'others'].map(async (name) => await holder(stage, name, registry)),
    );
    await Promise.all([
      announce(many!, MANY, '1'),
      announce(single!, SINGLE, '1'),
      announce(others!, OTHERS, '1'),
    ]);
    await stage.application({
      name: WHO,
      registry,
      piloted: { services: [SERVICE], expiryGuard: { grace: GRACE } },
      follow: [SERVICE],
    });
    const all = [...MANY, ...SINGLE, ...OTHERS];
    await seen(stage, [WHO], SERVICE, Object.fromEntries(all.map((id) => [id, '1'])), stage.limit(5_000));
    const findings: Finding[] = [];
    const { recorder } = stage;

    // Instances that are back within the grace.
    const died = monotonic();
    await many!.kill();
    const expired = await gone(left, all.length - MANY.length);
    const withdrawn = monotonic();
    await others!.ask('withdraw', SERVICE, OTHERS[0]!);
    await seen(stage, [WHO], SERVICE, { [OTHERS[0]!]: undefined }, stage.limit(SOON));
    findings.push(
      ...seenWithin(recorder.events, FOLLOWER, [OTHERS[0]!, undefined], withdrawn, stage.limit(SOON)),
    );
    await announce(successor!, MANY, '2');
    await seen(stage, [WHO], SERVICE, Object.fromEntries(MANY.map((id) => [id, '2'])), stage.limit(SOON));
    stage.figures['instances that expired at once'] = MANY.length;
    stage.figures['back after (ms)'] = Math.round(monotonic() - expired);
    await sleep(Math.max(0, expired + GRACE * 1_000 + stage.limit(SOON) - monotonic()));
    findings.push(
      ...neverWithout(recorder.events, FOLLOWER, [...MANY, ...SINGLE, ...OTHERS.slice(1)], {
        from: died,
        to: monotonic(),
      }),
    );

    // One alone is no reason to doubt anything, once the others are out of the window.
    if (kills > 5) {
      await sleep(10_000);
      await single!.kill();
      const since = await gone(left, all.length - 2);
      await seen(stage, [WHO], SERVICE, { [SINGLE[0]!]: undefined }, stage.limit(SOON));
      findings.push(
        ...seenWithin(recorder.events, FOLLOWER, [SINGLE[0]!, undefined], since - 500, stage.limit(SOON)),
      );
    }

    // Instances that do not come back.
    if (stage.without.length === 0) findings.push(...(await notBack(stage, successor!, left)));
    return [...findings, ...noPickFailed(recorder.events, FOLLOWER)];
  },
};

async function notBack(
  stage: Stage,
  successor: Application,
  left: () => Promise<number>,
): Promise<Finding[]> {
  const count = await left();
  const died = monotonic();
  await successor.kill();
  const expired = await gone(left, count - MANY.length);
  const id = MANY[0]!;
  const grace = GRACE * 1_000;
  await seen(stage, [WHO], SERVICE, { [id]: undefined }, grace + stage.limit(SOON));
  const { events } = stage.recorder;
  const at = seenAt(events, FOLLOWER, id, undefined, died) ?? Infinity;
  stage.figures['gone after the grace, from their expiry (ms)'] = Math.round(at - expired);
  return [
    // The registry let them go a moment before that was seen here.
    ...neverWithout(events, FOLLOWER, MANY, { from: died, to: expired + grace - 500 }),
    ...MANY.flatMap((one) =>
      seenWithin(events, FOLLOWER, [one, undefined], expired, grace + stage.limit(SOON)),
    ),
  ];
}

async function holder(stage: Stage, name: string, registry: string): Promise<Application> {
  return await stage.application({ name, registry, sidekick: {}, http: true });
}

async function announce(app: Application, ids: readonly string[], mark: string): Promise<void> {
  await Promise.all(
    ids.map(async (id) => await app.ask('announce', { name: SERVICE, id, meta: { n: mark } }, { ttl: TTL })),
  );
}

/** Resolves with the moment the registry has no more than so many. */
async function gone(left: () => Promise<number>, count: number): Promise<number> {
  await until('instances to expire', async () => (await left()) <= count, { deadline: 60_000, every: 20 });
  return monotonic();
}
