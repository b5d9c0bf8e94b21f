import { sleep } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { between } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { endsWith, listsOf, marksNeverGoBack, statesOfTheStore } from '../../validators/lists.js';
import { mirrors } from '../../validators/mirrors.js';
import { type StoreState, statesOf } from '../../validators/store-states.js';
import { type Scenario, type Size } from '../scenario.js';
import { type Stage } from '../stage.js';
import { churn, type ChurnOptions, type Marks } from './churn.js';
import { markOf, prefixOf } from './etcd-instances.js';
import { Mirror } from './mirror.js';
import { seen } from './seen.js';
import { ConsulPlace, EtcdPlace, FilePlace, type Place } from './places.js';

const SERVICE = 'restless';
const APPS = ['reader 0', 'reader 1'];
const LATE = 'latecomer';

/** Milliseconds the last change has to come through. */
const CATCH_UP = 3_000;

/** The final content. */
const LAST: Marks = { last: '1' };

const PROMISE =
  'Between a list and the watch that follows it no change is lost, while instances change as fast as they can be written and applications start and refresh all the time';

export const listThenWatchEtcd: Scenario = {
  name: 'list-then-watch-etcd',
  promise: `${PROMISE} (etcd)`,

  async run(stage, size) {
    const place = await EtcdPlace.open(stage);
    await place.write(SERVICE, { first: '0' });
    const { url } = await place.way();
    const { recorder, random } = stage;
    const mirror = await Mirror.start(recorder, {
      who: 'mirror',
      registry: url,
      service: SERVICE,
      random,
      without: [],
      life: [10, 120],
      relist: true,
    });
    stage.atEnd(async () => await mirror.stop());
    await restless(stage, place, size, { every: 0 });
    await mirror.stop();
    stage.figures['lists of the mirror, each followed by a watch'] = mirror.lists;
    const end = await place.store.writeSurely({ [`${prefixOf(SERVICE)}end`]: 'of the history' });
    const history = await place.store.history(prefixOf(SERVICE), 1, end);
    const states = statesOf(history.slice(0, -1), prefixOf(SERVICE), markOf);
    stage.figures['states of the store'] = states.length;
    return [...mirrors(recorder.events, states), ...truthful(stage, states)];
  },
};

export const listThenWatchConsul: Scenario = {
  name: 'list-then-watch-consul',
  promise: `${PROMISE} (Consul)`,

  async run(stage, size) {
    const place = new Ledger(await ConsulPlace.open(stage));
    await place.write(SERVICE, { first: '0' });
    await restless(stage, place, size, { every: 0, atOnce: 1 });
    stage.figures['states of the store'] = place.states.length;
    return truthful(stage, place.states);
  },
};

/** A folder is not read in one instant: each instance by itself is never an older one than before. */
export const listThenWatchFile: Scenario = {
  name: 'list-then-watch-file',
  promise: `${PROMISE} (file)`,

  async run(stage, size) {
    const place = new Ledger(await FilePlace.open(stage));
    await place.write(SERVICE, { first: '0' });
    await restless(stage, place, size, { every: 0, atOnce: 1 });
    stage.figures['states of the store'] = place.states.length;
    const { events } = stage.recorder;
    return [...APPS, LATE].flatMap((who) => [
      ...marksNeverGoBack(events, { who, service: SERVICE }),
      ...endsWith(events, { who, service: SERVICE }, place.states.at(-1)!.members),
    ]);
  },
};

/** Notes what becomes of a service by the writes of a place, whose only writer this is. */
class Ledger implements Place {
  readonly states: StoreState[] = [{ revision: 0, members: {} }];

  constructor(private readonly place: Place) {}

  way: Place['way'] = async () => await this.place.way();

  async write(service: string, marks: Marks): Promise<void> {
    await this.place.write(service, marks);
    const members = new Map(Object.entries(this.states.at(-1)!.members));
    for (const [id, mark] of Object.entries(marks)) {
      if (mark === undefined) members.delete(id);
      else members.set(id, mark);
    }
    this.states.push({ revision: this.states.length, members: Object.fromEntries(members) });
  }
}

/** Lets instances change while two applications refresh all the time and a third one starts. */
async function restless(stage: Stage, place: Place, { kills }: Size, options: ChurnOptions): Promise<void> {
  const start = async (name: string): Promise<Application> =>
    await stage.application({
      name,
      registry: (await place.way()).url,
      piloted: { services: [SERVICE] },
      follow: [SERVICE],
    });
  const writer = churn(stage, async (marks) => await place.write(SERVICE, marks), options);
  const apps = await Promise.all(APPS.map(start));
  const refreshes = Math.max(20, kills * 8);
  const late = start(LATE);
  for (let i = 0; i < refreshes; i++) {
    await Promise.all(apps.map(async (app) => await app.ask('refresh')));
    await sleep(between(stage.random, 0, 60));
  }
  await late;
  stage.figures.writes = await writer.stop();
  stage.figures.refreshes = refreshes * apps.length;
  await place.write(SERVICE, LAST);
  await seen(stage, [...APPS, LATE], SERVICE, LAST, CATCH_UP);
  const { events } = stage.recorder;
  stage.figures['lists of applications'] = [...APPS, LATE].reduce(
    (sum, who) => sum + listsOf(events, who, SERVICE).length,
    0,
  );
}

function truthful(stage: Stage, states: readonly StoreState[]): Finding[] {
  const { events } = stage.recorder;
  return [...APPS, LATE].flatMap((who) => statesOfTheStore(events, { who, service: SERVICE }, states));
}
