import { TcpProxy } from '../../../harness/proxy.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type AttemptBounds, neverGivesUp } from '../../validators/attempts.js';
import { type Finding } from '../../validators/finding.js';
import { listsOf } from '../../validators/lists.js';
import { exactStates, restoredWithin } from '../../validators/states.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const SERVICE = 'patient';

/** Seconds. */
const TTL = 3;

/** Seconds the registry is unavailable: for each requested kill, and at least. */
const AWAY_PER_KILL = 3;
const AWAY_AT_LEAST = 14;

/** Milliseconds between two looks at the attempts. */
const LOOK = 100;

/** The longest wait is 4 s, and a try to open a session on a server that says nothing takes up to 5 s. */
const BOUNDS: AttemptBounds = { longest: 9_500, perSecond: 20 };

/** Milliseconds: one retry step. */
const BACK = 6_500;

/** The registry is unavailable for an arbitrary time. */
export const neverGivesUpTrying: Scenario = {
  name: 'never-gives-up',
  promise:
    'However long etcd or Consul is away, refusing or silent, heartbeats and lists try again and again at bounded intervals, and are there again within one retry step of its return',

  async run(stage, { kills, minutes = Infinity }) {
    const [etcd, consul] = await Promise.all([stage.etcd({}), stage.consul()]);
    const away = Math.min(Math.max(AWAY_AT_LEAST, kills * AWAY_PER_KILL), minutes * 60) * 1_000;
    const [member] = etcd.members as [(typeof etcd.members)[number]];
    const findings = await Promise.all([
      outage(stage, 'etcd', member, away),
      outage(stage, 'consul', consul, away),
    ]);
    stage.figures['seconds away'] = away / 1_000;
    return findings.flat();
  },
};

async function outage(
  stage: Stage,
  scheme: string,
  server: { readonly port: number },
  away: number,
): Promise<readonly Finding[]> {
  const proxy = await TcpProxy.to(server);
  stage.atEnd(async () => await proxy.stop());
  const app = await stage.application({
    name: `application on ${scheme}`,
    registry: `${scheme}://${proxy.endpoint}`,
    http: true,
    sidekick: { ttl: TTL, service: { name: SERVICE, id: scheme } },
    piloted: { services: [SERVICE] },
    follow: [SERVICE],
  });
  const heart = app.heart(`${SERVICE}/${scheme}`);
  const listed = (): boolean =>
    listsOf(stage.recorder.events, app.name, SERVICE).at(-1)?.endpoints.length === 1;
  await heart.nextAck();
  await until('the list', listed, { every: 100 });
  const who = `proxy of ${scheme}`;
  const tell = (): void =>
    stage.recorder.record(who, { kind: 'requests', what: 'connections', count: proxy.counts.connections });
  const looking = setInterval(tell, LOOK);
  const from = monotonic();
  stage.fault(who, 'drop', 'begin');
  proxy.drop();
  await sleep(away / 2);
  const silent = monotonic();
  proxy.pass();
  proxy.swallow();
  await sleep(away / 2);
  const to = monotonic();
  proxy.pass();
  stage.fault(who, 'drop', 'end');
  const back = await heart.nextAck(to);
  clearInterval(looking);
  await sleep(TTL * 1_000);
  const { events } = stage.recorder;
  const tries = events.filter((event) => event.who === who && event.kind === 'requests');
  const counts = tries.flatMap((event) => (event.kind === 'requests' ? [event.count] : []));
  stage.figures[`connections tried on ${scheme}`] = (counts.at(-1) ?? 0) - (counts[0] ?? 0);
  stage.figures[`acknowledged after the return of ${scheme} (ms)`] = Math.round(back - to);
  return [
    ...neverGivesUp(events, who, 'connections', { from, to: silent }, BOUNDS),
    ...neverGivesUp(events, who, 'connections', { from: silent, to }, BOUNDS),
    ...exactStates(events, heart.who, ['lost', 'restored']),
    ...restoredWithin(events, heart.who, to, BACK),
  ];
}
