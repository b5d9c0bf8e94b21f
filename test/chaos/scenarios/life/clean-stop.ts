import { Semaphore } from '../../../../lib/common/async/semaphore.js';
import { TcpProxy } from '../../../harness/proxy.js';
import { sleep, until } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { type ApplicationSettings } from '../../application/settings.js';
import { ConsulKeys } from '../../stores/consul-keys.js';
import { EtcdKeys } from '../../stores/etcd-keys.js';
import { FileKeys } from '../../stores/file-keys.js';
import { type KeyStore } from '../../stores/key-store.js';
import { type Finding } from '../../validators/finding.js';
import { cleanStop, MAX_CLOSE, type Stop } from '../../validators/clean-stop.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

/** Seconds: an entry that is gone right after a stop has not expired. */
const TTL = 30;

/** Milliseconds a process stays after its application was closed, for traffic to be seen. */
const STAY = 1_000;

/** Time for connections to close. */
const CLOSING_MS = 200;

/** The state of the registry when an application is closed. */
type Fault = 'none' | 'down' | 'hangs' | 'swallows';

/** The phase of an application when it is closed. */
interface Moment {
  readonly name: string;
  readonly settings?: Partial<Pick<ApplicationSettings, 'sidekick' | 'keys' | 'http'>>;
  /** Whether it is started only now, and closed before it is up. */
  readonly booting?: boolean;
  /** Brings it there. */
  reach?(app: Application, key: string): Promise<unknown> | void;
}

const CALM: Moment = { name: 'calm' };
const ISOLATED: Moment = { name: 'isolated', settings: { sidekick: { isolate: true } } };
const PAUSED: Moment = { name: 'paused', reach: async (app) => await app.ask('pause') };
const CHANGING: Moment = {
  name: 'changing a value',
  // The stop cancels the change, so the scenario does not wait for it.
  reach: (app, key) => void app.ask('value', key, 'next').catch(() => undefined),
};
const BOOTING: Moment = { name: 'booting', booting: true, settings: { http: true } };
const LOST: Moment = {
  name: 'lost',
  settings: { sidekick: { ttl: 2 } },
  reach: async (app, key) =>
    await until('the loss', async () =>
      (await app.ask('beats')).some((beat) => beat.key === key && beat.state === 'lost'),
    ),
};

/** A registry on a server of its own, which a fault can befall. */
interface Place {
  readonly store: KeyStore;
  readonly scheme: string;
  /** Undefined for a folder, which no connection leads to. */
  readonly server: { readonly port: number } | undefined;
  befall(fault: 'down' | 'hangs'): Promise<unknown>;
  recover(fault: 'down' | 'hangs'): Promise<unknown> | void;
}

/** An application is closed at all sorts of moments. */
export const stopsCleanly: Scenario = {
  name: 'clean-stop',
  promise:
    'When `app.close()` resolves the key is gone and no traffic follows; it takes 2 s at most whatever has befallen the registry, and the process ends by itself',

  async run(stage, { kills }) {
    const rounds = Math.ceil(kills / 20);
    const findings: Finding[] = [];
    const some = new Semaphore(AT_ONCE);
    for (let round = 0; round < rounds; round++) {
      const parts = plan(kills >= 20).map((part) => some.run(async () => await part(stage)));
      findings.push(...(await Promise.all(parts)).flat());
    }
    const stops = stage.recorder.events.filter(({ kind }) => kind === 'stopped').length;
    stage.figures['applications closed'] = stops;
    return findings;
  },
};

/** Parts at a time: a machine that boots thirty applications at once is in no state to judge what takes 2 s. */
const AT_ONCE = 4;

type Part = (stage: Stage) => Promise<Finding[]>;

function plan(full: boolean): Part[] {
  const more = <T>(...moments: T[]): T[] => (full ? moments : []);
  return [
    async (stage) =>
      await closeAll(stage, await etcdPlace(stage), 'none', [CALM, PAUSED, ISOLATED, CHANGING]),
    async (stage) => await closeAll(stage, await etcdPlace(stage), 'down', [LOST, ...more(CALM, ISOLATED)]),
    async (stage) =>
      await closeAll(stage, await etcdPlace(stage), 'hangs', [
        CALM,
        CHANGING,
        ISOLATED,
        BOOTING,
        ...more(LOST, PAUSED),
      ]),
    async (stage) =>
      await closeAll(stage, await etcdPlace(stage), 'swallows', [CALM, ...more(ISOLATED, CHANGING, BOOTING)]),
    async (stage) => await closeAll(stage, filePlace(await stage.folder('stop')), 'none', [CALM, ISOLATED]),
    async (stage) =>
      await closeAll(stage, await consulPlace(stage), 'hangs', [CALM, ...more(ISOLATED, CHANGING, BOOTING)]),
    ...more<Part>(
      async (stage) => await closeAll(stage, await consulPlace(stage), 'none', [CALM, PAUSED, ISOLATED]),
      async (stage) => await closeAll(stage, await consulPlace(stage), 'down', [CALM, LOST, BOOTING]),
      async (stage) => await closeAll(stage, await consulPlace(stage), 'swallows', [CALM, ISOLATED]),
    ),
  ];
}

async function closeAll(
  stage: Stage,
  place: Place,
  fault: Fault,
  moments: readonly Moment[],
): Promise<Finding[]> {
  const lanes = await Promise.all(
    moments.map(async (moment) => {
      const key = `${place.store.name}-${fault}-${moment.name.replaceAll(' ', '-')}`;
      const proxy = place.server && (await TcpProxy.to(place.server));
      if (proxy) stage.atEnd(async () => await proxy.stop());
      const registry = proxy ? `${place.scheme}://${proxy.endpoint}` : place.store.url;
      const { sidekick, ...settings } = moment.settings ?? {};
      const start = async (): Promise<Application> => {
        const app = await stage.application({
          name: `${key} of ${stage.recorder.events.length}`,
          registry,
          keys: [{ key, ttl: sidekick?.ttl ?? TTL }],
          ...settings,
          sidekick: { failFast: false, ...sidekick },
        });
        // Its boot does not wait for it, and a registry that is down before has nothing to lose.
        await app.heart().nextAck(0);
        return app;
      };
      return { key, moment, proxy, registry, app: moment.booting ? undefined : await start() };
    }),
  );
  if (fault === 'down' || fault === 'hangs') await place.befall(fault);
  const stops = await Promise.all(
    lanes.map(async ({ key, moment, proxy, registry, app: started }): Promise<Stop> => {
      if (fault === 'swallows') proxy?.swallow();
      const app = started ?? (await boots(stage, key, registry, proxy, moment));
      await moment.reach?.(app, key);
      const took = await app.ask('close');
      const present = fault === 'none' && (await place.store.read(key)) !== undefined;
      await sleep(CLOSING_MS);
      const before = proxy?.counts;
      await sleep(STAY);
      const after = proxy?.counts;
      const traffic =
        before && after ? after.bytesUp - before.bytesUp + (after.connections - before.connections) : 0;
      const ended = await app.stop().then(
        () => 'by itself',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      const stop = { took, present, traffic, ended };
      stage.recorder.record(key, { kind: 'stopped', ...stop });
      return stop;
    }),
  );
  if (fault === 'down' || fault === 'hangs') await place.recover(fault);
  stage.figures[`slowest close on ${place.store.name}, ${fault} (ms)`] = Math.round(
    Math.max(...stops.map(({ took }) => took)),
  );
  return lanes.flatMap(({ key }, i) => cleanStop(key, stops[i]!, stage.limit(MAX_CLOSE)));
}

/** An application that cannot come up: it boots while its registry does not answer. */
async function boots(
  stage: Stage,
  key: string,
  registry: string,
  proxy: TcpProxy | undefined,
  { settings }: Moment,
): Promise<Application> {
  const app = stage.launch({
    name: key,
    registry,
    ...settings,
    sidekick: { key, ttl: TTL, failFast: false },
  });
  await until('the application to ask its registry', () => (proxy?.counts.connections ?? 0) > 0, {
    deadline: 60_000,
  });
  await app.canBeAsked();
  return app;
}

async function etcdPlace(stage: Stage): Promise<Place> {
  const etcd = await stage.etcd({});
  const [member] = etcd.members as [(typeof etcd.members)[number]];
  return {
    store: new EtcdKeys(etcd),
    scheme: 'etcd',
    server: member,
    befall: async (fault) => await (fault === 'down' ? member.kill() : member.pause()),
    recover: async (fault) => await (fault === 'down' ? member.restart() : member.resume()),
  };
}

async function consulPlace(stage: Stage): Promise<Place> {
  const consul = await stage.consul();
  return {
    store: new ConsulKeys(consul),
    scheme: 'consul',
    server: consul,
    befall: async (fault) => await (fault === 'down' ? consul.kill() : consul.pause()),
    recover: async (fault) => await (fault === 'down' ? consul.restart() : consul.resume()),
  };
}

function filePlace(folder: string): Place {
  const refuse = async (): Promise<never> => await Promise.reject(new Error('A folder has no faults.'));
  return { store: new FileKeys(folder), scheme: 'file', server: undefined, befall: refuse, recover: refuse };
}
