import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeSnapshot } from '../../../../lib/discovery/snapshot-codec.js';
import { forkTypeScript } from '../../../harness/fork.js';
import { removeFolder, tempFolder } from '../../../harness/temp.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Application } from '../../application/application.js';
import { between } from '../../random.js';
import { ofKind } from '../../recording/recorder.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed, saidAt, saidWithin } from '../../validators/freshness.js';
import { endsWith, listsOf, membersOf, noFalseEmpty } from '../../validators/lists.js';
import { membersId, membersLabel, statesOf } from '../../validators/store-states.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { churn } from './churn.js';
import { instanceWrites, markOf, prefixOf } from './etcd-instances.js';
import { EtcdPlace, type Way } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'frozen';
/** Milliseconds from the return of the registry until a list from a snapshot is fresh. */
const FRESH = 5_000;

/** Applications are killed while they write their snapshot, and start again with the registry down. */
export const snapshotColdStart: Scenario = {
  name: 'snapshot-cold-start',
  promise:
    'An application that starts with the registry down has the lists of its snapshot, marked stale, however the one before was killed, and is fresh when the registry comes; a corrupt snapshot is set aside with a warning',

  async run(stage, { kills }) {
    const place = await EtcdPlace.open(stage);
    await place.write(SERVICE, { stays: '0' });
    const folder = await tempFolder('snapshot');
    stage.atEnd(async () => await removeFolder(folder));
    const snapshot = join(folder, 'snapshot.json');
    const way = await place.way();
    const start = async (name: string): Promise<Application> =>
      await stage.application({
        name,
        registry: way.url,
        piloted: { services: [SERVICE], snapshot, boot: 'empty', bootTimeout: 5 },
        follow: [SERVICE],
      });
    const findings: Finding[] = [];
    findings.push(
      ...(await killedWriting(stage, join(folder, 'many.json'), Math.max(2, Math.floor(kills / 2)))),
    );
    const writer = churn(stage, async (marks) => await place.store.write(instanceWrites(SERVICE, marks)));
    const rounds = Math.max(2, Math.ceil(kills / 3));
    const starts: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const name = `reader ${round}`;
      const app = await start(name);
      if (round > 0) {
        starts.push(name);
        findings.push(...(await thaw(stage, name, way)));
      }
      await until('a first snapshot', () => existsSync(snapshot), { deadline: 60_000 });
      await sleep(between(stage.random, 0, 1_200));
      stage.fault(name, 'kill', 'begin');
      await app.kill();
      findings.push(...(await whole(snapshot)));
      reset(way, 'drop');
    }
    await writer.stop();
    findings.push(...(await corrupted(stage, snapshot, way, start)));
    await place.write(SERVICE, { end: '1' });
    await seen(stage, ['reader with a corrupt snapshot'], SERVICE, { end: '1' }, stage.limit(FRESH));
    const end = await place.store.writeSurely({ [`${prefixOf(SERVICE)}end`]: 'of the history' });
    const history = await place.store.history(prefixOf(SERVICE), 1, end);
    const states = statesOf(history.slice(0, -1), prefixOf(SERVICE), markOf);
    stage.figures['started from a snapshot, the registry down'] = starts.length;
    const { events } = stage.recorder;
    const known = new Set(states.map(({ members }) => membersId(members)));
    for (const who of starts) {
      const first = listsOf(events, who, SERVICE)[0];
      const members = first && membersOf(first);
      if (members && first.stale && known.has(membersId(members))) continue;
      const text = `Expected the stale list of the snapshot, got ${members ? membersLabel(members) : 'none'}.`;
      findings.push({ promise: 'the list of the snapshot', who, at: first?.at ?? 0, text });
    }
    return [
      ...findings,
      ...starts.flatMap((who) => noPickFailed(events, { who, service: SERVICE })),
      ...starts.flatMap((who) => noFalseEmpty(events, { who, service: SERVICE })),
      ...endsWith(
        events,
        { who: 'reader with a corrupt snapshot', service: SERVICE },
        states.at(-1)!.members,
      ),
    ];
  },
};

function reset({ proxies }: Way, what: 'drop' | 'pass'): void {
  for (const proxy of proxies) proxy[what]();
}

/** The registry comes; the list of the snapshot is fresh soon. */
async function thaw(stage: Stage, who: string, way: Way): Promise<Finding[]> {
  const follower = { who, service: SERVICE };
  const back = monotonic();
  reset(way, 'pass');
  const fresh = (): number | undefined => saidAt(stage.recorder.events, follower, false, back);
  await until('the list to be fresh', () => fresh() !== undefined, {
    deadline: 2 * stage.limit(FRESH),
    every: 50,
  }).catch(() => undefined);
  const took = Math.round((fresh() ?? Infinity) - back);
  stage.figures[SLOWEST] = Math.max(Number(stage.figures[SLOWEST] ?? 0), took);
  return saidWithin(stage.recorder.events, follower, false, back, stage.limit(FRESH));
}

const SLOWEST = 'slowest to be fresh when the registry was back (ms)';

/** Kills one process after the other that does nothing but write a snapshot. */
async function killedWriting(stage: Stage, snapshot: string, kills: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let i = 0; i < kills; i++) {
    const writer = forkTypeScript(new URL('../../workers/snapshots.ts', import.meta.url), [snapshot]);
    const gone = once(writer, 'exit');
    stage.atEnd(async () => {
      writer.kill('SIGKILL');
      await gone;
    });
    await Promise.race([once(writer, 'message'), gone]);
    await sleep(between(stage.random, 0, 60));
    writer.kill('SIGKILL');
    await gone;
    findings.push(...(await whole(snapshot)));
  }
  const begun = readdirSync(dirname(snapshot)).filter((file) => file.endsWith('.tmp')).length;
  stage.figures['writers killed, of them while a file was open'] = `${kills}, ${begun}`;
  return findings;
}

async function whole(snapshot: string): Promise<Finding[]> {
  try {
    decodeSnapshot(await readFile(snapshot, 'utf8'));
    return [];
  } catch (error) {
    return [{ promise: 'a whole snapshot', who: 'snapshot', at: monotonic(), text: String(error) }];
  }
}

/** A truncated or malformed snapshot is ignored and does no harm. */
async function corrupted(
  stage: Stage,
  snapshot: string,
  way: Way,
  start: (name: string) => Promise<Application>,
): Promise<Finding[]> {
  const who = 'reader with a corrupt snapshot';
  const { length } = await readFile(snapshot);
  if (stage.random() < 0.5) await truncate(snapshot, between(stage.random, 1, length - 10));
  else await writeFile(snapshot, 'rubbish');
  await start(who);
  const findings: Finding[] = [];
  const blame = (text: string): number =>
    findings.push({ promise: 'set aside with a warning', who, at: monotonic(), text });
  const { events } = stage.recorder;
  if (!existsSync(`${snapshot}.corrupt`)) blame('Expected the corrupt snapshot to be set aside.');
  const warned = ofKind(events, 'log').some(
    ({ who: name, level, text }) => name === who && level === 'warn' && text.includes('snapshot'),
  );
  if (!warned) blame('Expected a warning about the snapshot.');
  if (listsOf(events, who, SERVICE).length > 0) blame('Expected no list before the registry is there.');
  return [...findings, ...(await thaw(stage, who, way))];
}
