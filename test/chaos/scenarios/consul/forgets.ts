import { type ConsulAgent } from '../../../harness/consul.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { type KeyChange } from '../../recording/event.js';
import { type Finding } from '../../validators/finding.js';
import { backWithin, noGap } from '../../validators/presence.js';
import { foundBoth } from '../found-both.js';
import { Onlooker } from '../onlooker.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const SERVICE = 'web';

/** Keys of each application. */
const KEYS = 24;

/** Seconds: Consul's floor for what keeps a key. */
const TTL = 10;

/** Milliseconds within which everything is there again. */
const BACK = (TTL * 1_000) / 3 + 5_000;

/** The data an agent loses, and how. */
interface Loss {
  readonly what: string;
  inflict(consul: ConsulAgent): Promise<void>;
}

const put = async (consul: ConsulAgent, path: string): Promise<void> => {
  const answer = await consul.request(`/v1${path}`, { method: 'PUT' });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
};

const LOSSES: readonly Loss[] = [
  {
    what: 'restarted empty',
    inflict: async (consul) => {
      await consul.kill();
      await consul.restart();
    },
  },
  {
    what: 'sessions invalidated',
    inflict: async (consul) => {
      const sessions = await consul.json<{ ID: string }[]>('/v1/session/list');
      await Promise.all(sessions.map(async ({ ID }) => await put(consul, `/session/destroy/${ID}`)));
    },
  },
  {
    what: 'check removed',
    inflict: async (consul) => await put(consul, '/agent/check/deregister/service:one'),
  },
  {
    what: 'service removed',
    inflict: async (consul) => await put(consul, '/agent/service/deregister/two'),
  },
];

/** A Consul agent that loses its registrations. */
export const consulForgets: Scenario = {
  name: 'consul-forgets',
  promise:
    'When a Consul agent comes back empty, or sessions, checks or services are removed by hand, every key and instance is there again within TTL/3 + 5 s',

  async run(stage, { kills, minutes = Infinity }) {
    const consul = await stage.consul();
    const registry = `consul://${consul.host}:${consul.port}`;
    const wanted = new Map([
      ['instance one', 'passing'],
      ['instance two', 'passing'],
    ]);
    const start = async (name: string, n: number): Promise<Application> => {
      const keys = Array.from({ length: KEYS }, (_, i) => ({
        key: `kept/${name}/${i}`,
        value: 'here',
        ttl: TTL,
      }));
      for (const { key, value } of keys) wanted.set(key, value);
      const service = { name: SERVICE, id: name, address: '10.0.0.1', port: 8_000 + n };
      return await stage.application({ name, registry, sidekick: { ttl: TTL, service }, keys });
    };
    const [, , reader] = await Promise.all([
      start('one', 1),
      start('two', 2),
      stage.application({ name: 'reader', registry, piloted: { services: [SERVICE] }, follow: [SERVICE] }),
    ]);
    const onlooker = new Onlooker(stage.recorder, { list: async () => await everything(consul) }, '', wanted);
    stage.atEnd(async () => await onlooker.end());
    const end = monotonic() + minutes * 60_000;
    const findings: Finding[] = [];
    const rounds = Math.max(LOSSES.length, Math.ceil(kills / 3));
    let done = 0;
    for (; done < rounds && monotonic() < end; done++)
      findings.push(...(await lose(stage, consul, onlooker, wanted, LOSSES[done % LOSSES.length]!)));
    stage.figures.losses = done;
    stage.figures['keys and instances'] = wanted.size;
    return [...findings, ...(await foundBoth(stage, reader, SERVICE, stage.limit(5_000)))];
  },
};

async function lose(
  stage: Stage,
  consul: ConsulAgent,
  onlooker: Onlooker,
  wanted: ReadonlyMap<string, string>,
  { what, inflict }: Loss,
): Promise<Finding[]> {
  await until('everything to be there', () => onlooker.complete, { deadline: 2 * stage.limit(BACK) });
  stage.fault('consul', what, 'begin');
  await inflict(consul);
  const since = monotonic();
  stage.fault('consul', what, 'end');
  onlooker.reset();
  await until('everything to be back', () => onlooker.complete, { deadline: 2 * stage.limit(BACK) }).catch(
    () => undefined,
  );
  const figure = `slowest back after ${what} (ms)`;
  stage.figures[figure] = Math.max(Number(stage.figures[figure] ?? 0), Math.round(monotonic() - since));
  const back = monotonic();
  await sleep(1_000);
  const { events } = stage.recorder;
  return [...wanted.keys()].flatMap((key) => [
    ...backWithin(events, key, since, stage.limit(BACK)),
    ...noGap(events, key, { during: { from: back, to: monotonic() } }),
  ]);
}

/** All keys, and of each instance whether it has a check that passes. */
async function everything(
  consul: ConsulAgent,
): Promise<{ readonly revision: number; readonly entries: readonly KeyChange[] }> {
  const { text, headers, status } = await consul.request('/v1/kv/?recurse&consistent');
  if (status !== 200 && status !== 404) throw new Error(text);
  const revision = Number(headers['x-consul-index'] ?? 0);
  const kvs =
    status === 404 ? [] : (JSON.parse(text) as { Key: string; Value: string | null; Session?: string }[]);
  const health = await consul.json<
    { Service: { ID: string }; Checks: { ServiceID: string; Status: string }[] }[]
  >(`/v1/health/service/${SERVICE}?consistent`);
  return {
    revision,
    entries: [
      ...kvs.map(({ Key, Value, Session }): KeyChange => {
        const value =
          Session === undefined ? 'without a session' : Buffer.from(Value ?? '', 'base64').toString();
        return { key: Key, kind: 'put', revision, value };
      }),
      ...health.map(({ Service, Checks }): KeyChange => {
        const own = Checks.find(({ ServiceID }) => ServiceID === Service.ID);
        return { key: `instance ${Service.ID}`, kind: 'put', revision, value: own?.Status ?? 'unchecked' };
      }),
    ],
  };
}
