import { monotonic, until } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { type Finding } from '../../validators/finding.js';
import { answeredBy, everyInstanceAnswered, noFailedRequest } from '../../validators/requests.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const SERVICE = 'web';
const INSTANCES = 3;

/** Requests under way at a time. */
const AT_ONCE = 8;

/** From how many restarts on they are made on every kind of registry, and not on etcd alone. */
const ON_ALL_FROM = 20;

/** Instances are replaced one after the other, while a client that discovers them never stops calling. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  promise:
    'While the instances of a service are restarted one after the other, no request of a client that discovers them fails',
  needs: { drain: 'no failed request' },

  async run(stage, { kills, minutes = Infinity }) {
    const end = monotonic() + minutes * 60_000;
    const findings = await restartAll(stage, 'etcd', `etcd://${(await stage.etcd({})).hosts}`, kills, end);
    if (kills < ON_ALL_FROM) return findings;
    const consul = await stage.consul();
    findings.push(
      ...(await restartAll(stage, 'consul', `consul://${consul.host}:${consul.port}`, kills, end)),
      ...(await restartAll(stage, 'file', `file:${await stage.folder('rolling')}`, kills, end)),
    );
    return findings;
  },
};

async function restartAll(
  stage: Stage,
  where: string,
  registry: string,
  restarts: number,
  end: number,
): Promise<Finding[]> {
  const names: string[] = [];
  const start = async (): Promise<Application> => {
    const name = `${where} ${names.length}`;
    names.push(name);
    return await stage.application({
      name,
      registry,
      http: true,
      sidekick: { ttl: 10, drain: 1, service: { name: SERVICE, id: name.replace(' ', '-') } },
    });
  };
  const instances = await Promise.all(Array.from({ length: INSTANCES }, start));
  const caller = await stage.application({
    name: `${where} caller`,
    registry,
    piloted: { services: [{ name: SERVICE }] },
    requests: { service: SERVICE, atOnce: AT_ONCE },
  });
  const answers = (name: string): number => answeredBy(stage.recorder.events, caller.name).get(name) ?? 0;
  const called = async (name: string): Promise<void> => {
    await until(`a request to ${name}`, () => answers(name) > 0, { every: 100, deadline: 30_000 });
  };
  await Promise.all(names.map(called));
  const findings: Finding[] = [];
  let done = 0;
  const broken = (): boolean => noFailedRequest(stage.recorder.events, caller.name).length > 0;
  // The first failure is enough.
  for (; done < restarts && monotonic() < end && !(stage.without.length > 0 && broken()); done++) {
    const old = instances.shift()!;
    const [next] = await Promise.all([start(), old.terminate()]);
    if (old.ended !== 'SIGTERM') {
      const text = `Expected the process to end by SIGTERM, it ended with ${String(old.ended)}.`;
      findings.push({ promise: 'ends by itself', who: old.name, at: monotonic(), text });
    }
    instances.push(next);
    await called(next.name);
  }
  await caller.stop();
  await Promise.all(instances.map(async (instance) => await instance.stop()));
  const { events } = stage.recorder;
  const total = [...answeredBy(events, caller.name).values()].reduce((sum, count) => sum + count, 0);
  stage.figures[`restarts on ${where}`] = done;
  stage.figures[`requests answered on ${where}`] = total;
  return [
    ...findings,
    ...noFailedRequest(events, caller.name),
    ...everyInstanceAnswered(events, caller.name, names),
  ];
}
