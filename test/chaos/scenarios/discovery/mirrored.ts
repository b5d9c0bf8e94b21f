import { monotonic, sleep, until } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed } from '../../validators/freshness.js';
import { listsOf, membersOf, statesOfTheStore } from '../../validators/lists.js';
import { mirrors } from '../../validators/mirrors.js';
import { membersId, type StoreState, statesOf } from '../../validators/store-states.js';
import { Archive } from '../archive.js';
import { compaction, FAULTS, type Observer } from '../faults.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { Store } from '../store.js';
import { churn } from './churn.js';
import { instanceWrites, markOf, prefixOf } from './etcd-instances.js';
import { Mirror } from './mirror.js';

const SERVICE = 'mirrored';
const APPS = ['reader 0', 'reader 1'];
const MIRRORS = 2;

/** Milliseconds for all readers to catch up when the faults are over. */
const CATCH_UP = 30_000;

/** Instances are added, changed and removed all the time; every list is a state of the store. */
export const mirroredLists: Scenario = {
  name: 'mirrored-lists',
  promise:
    'What the port’s watch builds is at every cursor what the store held, and every list of an application is a state of the store, never an older one than before, whatever happens to the cluster',

  async run(stage, { kills, minutes = Infinity }) {
    const etcd = await stage.etcd({ size: 3, partitions: true });
    const store = new Store(etcd);
    const archive = new Archive(store, prefixOf(SERVICE), (n) =>
      instanceWrites(SERVICE, { mark: String(n) }),
    );
    await archive.upToNow();
    const observers: Observer[] = [];
    const all: Mirror[] = [];
    const urls = async (who: string): Promise<string> => {
      const proxies = await stage.proxies(etcd);
      observers.push({ who, proxies });
      return `etcd://${proxies.map(({ endpoint }) => endpoint).join(',')}`;
    };
    for (let i = 0; i < MIRRORS; i++) all.push(await mirror(stage, `mirror ${i}`, await urls(`mirror ${i}`)));
    await Promise.all(
      APPS.map(
        async (name) =>
          await stage.application({
            name,
            registry: await urls(name),
            piloted: { services: [SERVICE] },
            follow: [SERVICE],
          }),
      ),
    );
    const writer = churn(stage, async (marks) => await store.write(instanceWrites(SERVICE, marks)));
    const end = monotonic() + minutes * 60_000;
    let faults = 0;
    for (; faults < kills && monotonic() < end; faults++) {
      await pickOne(stage.random, FAULTS)(stage, etcd, store, archive, pickOne(stage.random, observers));
      await sleep(between(stage.random, 100, 800));
    }
    // At least two compactions are always played.
    for (const observer of observers.slice(MIRRORS - 1, MIRRORS + 1))
      await compaction(stage, etcd, store, archive, observer);
    stage.figures.writes = await writer.stop();
    const last = await archive.upToNow();
    const states = statesOf(archive.changes, prefixOf(SERVICE), markOf);
    const late = await caughtUp(stage, all, states, last);
    for (const one of all) await one.stop();
    const { events } = stage.recorder;
    stage.figures.faults = faults;
    stage.figures['states of the store'] = states.length;
    stage.figures['lists of applications'] = APPS.reduce(
      (sum, who) => sum + listsOf(events, who, SERVICE).length,
      0,
    );
    stage.figures['watches taken up by mirrors'] = all.reduce((sum, { resumes }) => sum + resumes, 0);
    stage.figures['lists of mirrors'] = all.reduce((sum, { lists }) => sum + lists, 0);
    return [
      ...late,
      ...mirrors(events, states),
      ...APPS.flatMap((who) => statesOfTheStore(events, { who, service: SERVICE }, states)),
      ...APPS.flatMap((who) => noPickFailed(events, { who, service: SERVICE })),
    ];
  },
};

async function mirror(stage: Stage, who: string, registry: string): Promise<Mirror> {
  const { recorder, random, without } = stage;
  const started = await Mirror.start(recorder, {
    who,
    registry,
    service: SERVICE,
    random,
    without,
    life: [1_500, 6_000],
  });
  stage.atEnd(async () => await started.stop());
  return started;
}

/** Milliseconds between two looks at the recording, which is long. */
const LOOK = 200;

async function caughtUp(
  stage: Stage,
  all: readonly Mirror[],
  states: readonly StoreState[],
  last: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const expect = async (who: string, reached: () => boolean): Promise<void> => {
    await until(`${who} to catch up`, reached, { deadline: CATCH_UP, every: LOOK }).catch(() => {
      const text = `Expected everything up to revision ${last} within ${CATCH_UP} ms of the last fault.`;
      findings.push({ promise: 'it comes to the end', who, at: monotonic(), text, timed: true });
    });
  };
  const final = membersId(states.at(-1)!.members);
  await Promise.all([
    ...all.map(async ({ who }, i) => await expect(who, () => all[i]!.upTo >= last)),
    ...APPS.map(
      async (who) =>
        await expect(who, () => {
          const list = listsOf(stage.recorder.events, who, SERVICE).at(-1);
          return list !== undefined && membersId(membersOf(list)) === final;
        }),
    ),
  ]);
  return findings;
}
