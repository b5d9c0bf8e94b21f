import { JobFleet } from '../../../harness/job-fleet.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { everyTick, noTickTwice, termsOfTicksGrow } from '../../validators/ticks.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

/** Size from which the jobs run for a minute, and on Consul too. */
const LARGE = 20;
const SECONDS = { large: 60, small: 14 };
/** Seconds. The hold allows for clocks 0.5 s apart, and timers that are late by 1.5 s. */
const LOCKED = { period: 4, hold: 2 };

/** Where the jobs run. Durations are seconds. */
interface Place {
  readonly name: string;
  readonly registry: string;
  readonly ttl: number;
  /** Within which another process leads after a SIGKILL. */
  readonly failover: number;
}

/** Five Nest applications with jobs of `@nestjs/schedule`, and a SIGKILL of the leader. */
export const fiveJobs: Scenario = {
  name: 'five-jobs',
  promise:
    'Of five Nest processes with @Cron and @LeaderOnly each second, no second runs twice and at most those of the failover after a SIGKILL are missed; with @Locked each tick runs once',
  // The jobs are timed by the wall clock.
  alone: true,

  async run(stage, { kills }) {
    const seconds = kills >= LARGE ? SECONDS.large : SECONDS.small;
    const etcd = await stage.etcd({});
    const findings = [
      ...(await play(
        stage,
        { name: 'etcd', registry: `etcd://${etcd.hosts}`, ttl: 2, failover: 3 },
        seconds,
      )),
    ];
    if (kills < LARGE) return findings;
    const { host, port } = await stage.consul({});
    const consul = { name: 'consul', registry: `consul://${host}:${port}`, ttl: 10, failover: 21 };
    return [...findings, ...(await play(stage, consul, seconds))];
  },
};

async function play(stage: Stage, place: Place, seconds: number): Promise<readonly Finding[]> {
  const { name, registry, ttl, failover } = place;
  const fleet = new JobFleet({ registry, ttl, ...LOCKED });
  stage.atEnd(() => Promise.resolve(fleet.kill()));
  await fleet.ready();
  // The second in which the first leader was elected may be cut.
  const start = monotonic() + 1_000;
  await sleep((seconds * 1_000) / 2);
  const { leader } = fleet;
  const killedAt = monotonic();
  if (leader) stage.fault(`${leader.name} on ${name}`, 'kill', 'begin');
  leader?.kill();
  await until('the next leader', () => fleet.leader !== leader, { deadline: failover * 1_000 + 20_000 });
  const tookMs = (fleet.runs('leader', killedAt)[0]?.at ?? Infinity) - killedAt;
  await sleep(Math.max(5_000, (seconds * 1_000) / 2 - tookMs));
  await fleet.close();
  const led = fleet.runs('leader');
  const locked = fleet.runs('locked', start);
  stage.figures[`ticks of the leader on ${name}`] = led.length;
  stage.figures[`ticks under a lock on ${name}`] = locked.length;
  stage.figures[`next run after a SIGKILL on ${name} (ms)`] = Math.round(tookMs);
  const late = tookMs > (failover + 2) * 1_000;
  const findings = [
    ...noTickTwice(fleet.timely('leader')),
    ...everyTick(fleet.runs('leader', start), {
      except: [...fleet.stalls, [killedAt - 1_000, killedAt + tookMs]],
    }),
    ...termsOfTicksGrow(led),
    ...noTickTwice(fleet.timely('locked'), 'a locked job runs once'),
    // The process that is killed may have taken the lock for a tick, and not have run yet.
    ...everyTick(locked, {
      promise: 'a locked job runs once',
      except: [...fleet.stalls, [killedAt - 1_000, killedAt + (ttl * 2 + LOCKED.period) * 1_000]],
    }),
    ...(late
      ? [
          {
            promise: 'failover',
            who: 'the processes',
            at: killedAt,
            text: `Expected a run of the next leader within ${failover + 2} s, got ${tookMs} ms.`,
          },
        ]
      : []),
  ];
  return findings.map((finding) => ({ ...finding, who: `${finding.who} on ${name}` }));
}
