import { sleep, until } from '../../harness/wait.js';
import { type Protection } from '../protection.js';
import { between, pickOne, seededRandom } from '../random.js';
import { inEach } from '../stores/in-each.js';
import { type KeyStore } from '../stores/key-store.js';
import { keyStores } from '../stores/open.js';
import { durationsOf, repairedInTime } from '../validators/in-time.js';
import { type Finding } from '../validators/finding.js';
import { exactStates } from '../validators/states.js';
import { untilReported } from './reported-states.js';
import { type Scenario, type Size } from './scenario.js';
import { type Stage } from './stage.js';

const KEY = 'ours';
const VALUE = 'here';

/** Others delete a kept key, and write over it with nothing alive behind. */
export const foreignChange: Scenario = {
  name: 'foreign-change',
  promise:
    'A kept key that others delete, or write over with no life behind it, is right again within 1 s, in every registry',
  needs: { watch: 'repaired in time' },
  run: async (stage, size) =>
    await vandalise(stage, size, { updateInterval: 30, within: 1_000, without: [] }),
};

/** The same where the registry cannot be watched. */
export const foreignChangeUnwatched: Scenario = {
  name: 'foreign-change-unwatched',
  promise:
    'Where a registry cannot be watched, a kept key that others delete or write over is right again with the next update tick',
  run: async (stage, size) =>
    await vandalise(stage, size, { updateInterval: 1, within: 2_000, without: ['watch'] }),
};

interface Plan {
  /** Seconds. */
  readonly updateInterval: number;
  /** Milliseconds. */
  readonly within: number;
  readonly without: readonly Protection[];
}

async function vandalise(stage: Stage, size: Size, plan: Plan): Promise<readonly Finding[]> {
  const stores = await keyStores(stage);
  return await inEach(stores, async (store) => await vandaliseOne(stage, store, size, plan));
}

async function vandaliseOne(
  stage: Stage,
  store: KeyStore,
  { kills, minutes = Infinity }: Size,
  { updateInterval, within, without }: Plan,
): Promise<Finding[]> {
  const random = seededRandom(stage.seed);
  const key = `${KEY}-in-${store.name}`;
  const keys = [{ key, value: VALUE, ttl: 10, updateInterval }];
  const app = await stage.application({
    name: `application of ${store.name}`,
    registry: store.url,
    keys,
    without,
  });
  const end = Date.now() + minutes * 60_000;
  let done = 0;
  for (; done < kills && Date.now() < end; done++) {
    await sleep(between(random, 0, 600));
    const what = pickOne(random, ['foreign delete', 'foreign overwrite']);
    stage.fault(key, what, 'begin');
    if (what === 'foreign delete') await store.remove(key);
    else await store.write(key, 'foreign');
    const right = await until('the key to be right', async () => (await store.read(key)) === VALUE, {
      deadline: 5 * stage.limit(within),
      every: 10,
    }).catch(() => false);
    if (!right) break;
    stage.fault(key, what, 'end');
  }
  const states = Array.from({ length: done }, () => ['lost', 'restored']).flat();
  const { who } = app.heart();
  await untilReported(stage.recorder, who, states.length);
  const { events } = stage.recorder;
  const kinds = ['foreign delete', 'foreign overwrite'].filter(
    (what) => durationsOf(events, key, what).length > 0,
  );
  const slowest = Math.max(...kinds.flatMap((what) => durationsOf(events, key, what)));
  stage.figures[`${store.name}: foreign changes`] = done;
  stage.figures[`${store.name}: slowest repair (ms)`] = Math.round(slowest);
  return [
    ...kinds.flatMap((what) => repairedInTime(events, key, what, stage.limit(within))),
    ...exactStates(events, who, states),
  ];
}
