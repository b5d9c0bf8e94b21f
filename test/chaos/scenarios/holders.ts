import { type Random } from '../../../lib/common/random.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { type Application } from '../application/application.js';
import { between, seededRandom } from '../random.js';
import { EtcdKeys } from '../stores/etcd-keys.js';
import { followed, inEach } from '../stores/in-each.js';
import { type KeyLog, type KeyStore } from '../stores/key-store.js';
import { keyStores } from '../stores/open.js';
import { type Finding } from '../validators/finding.js';
import {
  alwaysBound,
  lastWith,
  neverTaken,
  noFlapping,
  takenByRight,
  tenuresOf,
} from '../validators/ownership.js';
import { exactStates } from '../validators/states.js';
import { untilReported } from './reported-states.js';
import { type Scenario, type Size } from './scenario.js';
import { type Stage } from './stage.js';

/** Seconds. */
const TTL = 2;

/** Milliseconds within which a key has its next owner once the last has left. */
const HANDED_OVER = 1_000;

/** Milliseconds after its TTL within which a key whose holder died has its next owner. */
const NOTICED = 2_000;

/** Milliseconds for which nothing may happen to a key whose holders all stay. */
const QUIET = 1_500;

/** Applications that want the same key. */
const CROWD = 4;

/** The kills from which on what takes long is played too. */
const FULL_SIZE = 20;

/** Two holders of one key. */
export const twoHolders: Scenario = {
  name: 'two-holders',
  promise:
    'Of two holders of a key the newer has it and the older waits without flapping, and has it back when the newer leaves or dies, in every registry',
  run: async (stage, size) => {
    const stores = await keyStores(stage);
    return await inEach(stores, async (store) => await two(stage, store, size));
  },
};

async function two(stage: Stage, store: KeyStore, { kills }: Size): Promise<Finding[]> {
  const key = `two-in-${store.name}`;
  const start = async (name: string): Promise<Application> =>
    await stage.application({ name: `${name} of ${store.name}`, registry: store.url, sidekick: {} });
  const [older, newer] = await Promise.all([start('older'), start('newer')]);
  const log = await followed(stage, store, key);
  await older.ask('keep', { key, value: 'older', ttl: TTL });
  let arrivals = 1;
  const rounds = Math.ceil(kills / 10);
  for (let round = 0; round < rounds; round++) {
    await newer.ask('keep', { key, value: `newer ${++arrivals}`, ttl: TTL });
    await untilStandby(older);
    await sleep(QUIET);
    await newer.ask('stopKey', key);
    await handedOver(stage, store, key, 'older', monotonic());
  }
  if (mayDie(store, kills)) {
    await newer.ask('keep', { key, value: `newer ${++arrivals}`, ttl: TTL });
    await untilStandby(older);
    await newer.kill();
    await until('the older to have the key back', async () => (await store.read(key)) === 'older', {
      deadline: store.name === 'consul' ? 25_000 : TTL * 1_000 + NOTICED,
    });
  }
  const history = await log.end();
  const departures = arrivals - 1;
  const states = Array.from({ length: departures }, () => ['lost', 'restored']).flat();
  const { who } = older.heart(key);
  await untilReported(stage.recorder, who, states.length);
  return [
    ...noFlapping(history, key, { arrivals, departures }),
    ...(log.complete ? takenByRight(history, key) : []),
    ...alwaysBound(history, key),
    ...lastWith(history, key, 'older'),
    ...exactStates(stage.recorder.events, who, states),
  ];
}

/** Consul takes up to 20 s to invalidate the session of a process that died. */
function mayDie(store: KeyStore, kills: number): boolean {
  return store.name !== 'consul' || kills >= FULL_SIZE;
}

async function untilStandby(app: Application): Promise<void> {
  await until(`${app.name} to be standby`, async () =>
    (await app.ask('beats')).every(({ state }) => state === 'standby'),
  );
}

async function handedOver(
  stage: Stage,
  store: KeyStore,
  key: string,
  value: string,
  since: number,
): Promise<void> {
  await until(`"${value}" to have the key back`, async () => (await store.read(key)) === value, {
    deadline: stage.limit(HANDED_OVER),
    every: 10,
  });
  const figure = `${store.name}: slowest hand-over (ms)`;
  stage.figures[figure] = Math.max(Number(stage.figures[figure] ?? 0), Math.round(monotonic() - since));
}

/** Many holders of one key that start, stop and are killed at random. */
export const manyHolders: Scenario = {
  name: 'many-holders',
  promise:
    'Holders of one key come, leave and die at random: it never changes hands but by a coming or a going, and a living one has it in the end',
  needs: { ownership: 'taken by right' },
  run: async (stage, size) => {
    // Each of a dozen applications takes its time to boot.
    const stores = size.kills >= FULL_SIZE ? await keyStores(stage) : [new EtcdKeys(await stage.etcd({}))];
    return await inEach(stores, async (store) => await many(stage, store, size));
  },
};

async function many(stage: Stage, store: KeyStore, { kills, minutes = Infinity }: Size): Promise<Finding[]> {
  const crowd = await Crowd.gather(stage, store);
  const { random } = crowd;
  const end = monotonic() + minutes * 60_000;
  for (let step = 0; step < kills * 4 && monotonic() < end; step++) {
    if (step % 20 === 9 && mayDie(store, kills)) await crowd.ownerGoes('dies');
    // All waiting applications want the key next, at the same moment.
    else if (step % 2 === 0) await crowd.allStart();
    else if (random() < 0.7) await crowd.ownerGoes('leaves');
    else await crowd.someMove();
    await sleep(between(random, 0, 250));
  }
  return await crowd.judge();
}

/** Applications that hold one key at times, and wait at others. */
class Crowd {
  readonly random: Random;
  private apps: Application[] = [];
  private started = 0;
  private arrivals = 0;
  private departures = 0;
  private readonly holding = new Map<Application, string>();

  private constructor(
    private readonly stage: Stage,
    private readonly store: KeyStore,
    private readonly key: string,
    private readonly log: KeyLog,
  ) {
    this.random = seededRandom(stage.seed);
  }

  static async gather(stage: Stage, store: KeyStore): Promise<Crowd> {
    const key = `many-in-${store.name}`;
    const crowd = new Crowd(stage, store, key, await followed(stage, store, key));
    crowd.apps = await Promise.all(Array.from({ length: CROWD }, async () => await crowd.start()));
    return crowd;
  }

  async allStart(): Promise<void> {
    await Promise.all(
      this.apps.filter((app) => !this.holding.has(app)).map(async (app) => await this.come(app)),
    );
  }

  async ownerGoes(how: 'leaves' | 'dies'): Promise<void> {
    const value = await this.store.read(this.key);
    const owner = this.apps.find((app) => this.holding.get(app) === value);
    if (!owner) return;
    if (how === 'leaves') await this.leave(owner);
    else {
      this.gone(owner);
      await owner.kill();
      const successor = await this.start();
      this.apps = this.apps.map((app) => (app === owner ? successor : app));
    }
  }

  async someMove(): Promise<void> {
    const some = this.apps.filter(() => this.random() < 0.5);
    await Promise.all(
      some.map(async (app) => await (this.holding.has(app) ? this.leave(app) : this.come(app))),
    );
  }

  async judge(): Promise<Finding[]> {
    const { store, key, holding, arrivals, departures } = this;
    if (holding.size === 0) await this.allStart();
    const living = [...holding.values()];
    await until(
      'a living holder to have the key',
      async () => living.includes((await store.read(key)) ?? ''),
      {
        deadline: store.name === 'consul' ? 25_000 : TTL * 1_000 + NOTICED,
      },
    );
    await sleep(QUIET);
    const history = await this.log.end();
    this.stage.figures[`${store.name}: arrivals, departures, changes of hands`] =
      `${arrivals}, ${departures}, ${tenuresOf(history).length}`;
    return [
      ...noFlapping(history, key, { arrivals, departures }),
      ...(this.log.complete ? takenByRight(history, key) : []),
      ...alwaysBound(history, key),
      ...lastWith(history, key, ...living),
      ...(await oneAlive([...holding.keys()], key)),
    ];
  }

  private async start(): Promise<Application> {
    const { stage, store } = this;
    this.started += 1;
    const name = `${store.name} ${this.started}`;
    return await stage.application({ name, registry: store.url, sidekick: {} });
  }

  private async come(app: Application): Promise<void> {
    this.arrivals += 1;
    const value = `${app.name} #${this.arrivals}`;
    this.holding.set(app, value);
    await app.ask('keep', { key: this.key, value, ttl: TTL });
  }

  private async leave(app: Application): Promise<void> {
    this.gone(app);
    await app.ask('stopKey', this.key);
  }

  private gone(app: Application): void {
    if (this.holding.delete(app)) this.departures += 1;
  }
}

/** Checks that one application reports the key as its own and the others report standby. */
async function oneAlive(holders: readonly Application[], key: string): Promise<Finding[]> {
  const states = await Promise.all(
    holders.map(async (app) => (await app.ask('beats')).find((beat) => beat.key === key)?.state),
  );
  const expected = states.map((_, i) => (i === 0 ? 'alive' : 'standby'));
  if ([...states].sort().join() === expected.join()) return [];
  const text = `Expected one to have "${key}" and the others to be standby, they report ${states.join(', ')}.`;
  return [{ promise: 'one alive', who: key, at: monotonic(), text, timed: true }];
}

/** A key that is held exclusively. */
export const exclusiveHolders: Scenario = {
  name: 'exclusive-holders',
  promise:
    'Of those who want a key exclusively at the same moment one gets it and the others are refused, in every registry',
  needs: { ownership: 'never taken' },
  run: async (stage, size) => {
    const stores = await keyStores(stage);
    return await inEach(stores, async (store) => await exclusive(stage, store, size));
  },
};

async function exclusive(
  stage: Stage,
  store: KeyStore,
  { kills, minutes = Infinity }: Size,
): Promise<Finding[]> {
  const key = `exclusive-in-${store.name}`;
  const end = monotonic() + minutes * 60_000;
  const apps = await Promise.all(
    [1, 2].map(
      async (n) => await stage.application({ name: `${store.name} ${n}`, registry: store.url, sidekick: {} }),
    ),
  );
  const log = await followed(stage, store, key);
  const findings: Finding[] = [];
  let rounds = 0;
  for (; rounds < kills && monotonic() < end; rounds++) {
    const wanted = await Promise.allSettled(
      apps.map(async (app) => {
        const kept = { key, value: `${app.name} #${rounds}`, ttl: TTL, exclusive: true };
        await stage.recorder.call(
          app.name,
          `keep "${key}" exclusively`,
          async () => await app.ask('keep', kept),
        );
        return app;
      }),
    );
    const winners = wanted.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const others = wanted.flatMap((outcome) =>
      outcome.status === 'rejected' ? [String(outcome.reason)] : [],
    );
    const refused = others.filter((reason) => reason.includes('is held by another live session'));
    if (winners.length !== 1 || refused.length !== apps.length - 1) {
      const text = `Expected one to get "${key}" and the others to be refused, ${winners.length} got it: ${others.join('; ')}`;
      const finding = { promise: 'one gets it', who: key, at: monotonic(), text };
      // None may get it in time, but never two.
      findings.push(winners.length > 1 ? finding : { ...finding, timed: true });
    }
    await Promise.all(winners.map(async (app) => await app.ask('stopKey', key)));
  }
  const history = await log.end();
  stage.figures[`${store.name}: races for an exclusive key`] = rounds;
  return [
    ...findings,
    ...(log.complete ? neverTaken(history, key) : []),
    ...lastWith(history, key, undefined),
  ];
}
