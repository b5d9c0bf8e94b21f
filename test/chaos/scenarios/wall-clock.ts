import { monotonic, sleep, until } from '../../harness/wait.js';
import { type Finding } from '../validators/finding.js';
import { listsOf } from '../validators/lists.js';
import { steadyRenewals, undisturbed } from '../validators/undisturbed.js';
import { type Scenario } from './scenario.js';
import { type Stage } from './stage.js';

const SERVICE = 'clocked';

/** Seconds. */
const TTL = 3;

/** Milliseconds. */
const HOUR = 3_600_000;

/** Milliseconds after a move in which something would go wrong if it did: nothing lives for longer unrenewed. */
const WATCHED = 1.5 * TTL * 1_000;

/** The wall clock of a process is moved, as an operator or NTP would; the processes beside it keep theirs. */
export const movedWallClock: Scenario = {
  name: 'moved-wall-clock',
  promise:
    'A wall clock that is moved by an hour, forth or back, in the process that announces or in the one that follows, changes nothing on etcd, Consul and `file:`: no lost, no list, no burst of renewals',

  async run(stage, { kills }) {
    const rounds = Math.ceil(kills / 20);
    const [etcd, consul, folder] = await Promise.all([stage.etcd({}), stage.consul(), stage.folder('clock')]);
    const findings = await Promise.all([
      moveClocks(stage, 'etcd', `etcd://${etcd.hosts}`, rounds),
      moveClocks(stage, 'consul', `consul://${consul.host}:${consul.port}`, rounds),
      moveClocks(stage, 'file', `file:${folder}`, rounds),
    ]);
    return findings.flat();
  },
};

async function moveClocks(
  stage: Stage,
  where: string,
  registry: string,
  rounds: number,
): Promise<readonly Finding[]> {
  const id = `on-${where}`;
  const announcing = await stage.application({
    name: `announcing on ${where}`,
    registry,
    sidekick: { ttl: TTL, service: { name: SERVICE, id } },
    http: true,
  });
  const following = await stage.application({
    name: `following on ${where}`,
    registry,
    piloted: { services: [SERVICE] },
    follow: [SERVICE],
  });
  const lists = (): number =>
    listsOf(stage.recorder.events, following.name, SERVICE).at(-1)?.endpoints.length ?? 0;
  await until('the list', () => lists() === 1, { every: 100 });
  const heart = announcing.heart(`${SERVICE}/${id}`);
  await heart.nextAck();
  const from = monotonic();
  for (let round = 0; round < rounds; round++) {
    // Against each other, so that they are two hours apart.
    for (const ms of [HOUR, -2 * HOUR, HOUR].slice(0, round === rounds - 1 ? 2 : 3)) {
      await Promise.all([announcing.ask('moveWallClock', ms), following.ask('moveWallClock', -ms)]);
      await sleep(WATCHED);
    }
  }
  const span = { from, to: monotonic() };
  const { events } = stage.recorder;
  const interval = (TTL * 1_000) / 3;
  return [
    ...undisturbed(events, heart.who, span),
    ...undisturbed(events, announcing.name, span),
    ...undisturbed(events, following.name, span),
    ...steadyRenewals(events, heart.who, span, interval),
  ];
}
