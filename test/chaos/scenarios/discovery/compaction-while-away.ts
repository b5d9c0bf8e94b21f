import { monotonic, sleep } from '../../../harness/wait.js';
import { between } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed } from '../../validators/freshness.js';
import { netDifference, seenAt } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { type Marks } from './churn.js';
import { EtcdPlace, type Place, type Way } from './places.js';
import { seen } from './seen.js';

/** Changes while the reader is disconnected. */
const BUSY = 'busy';
/** Sees no event after its first list until the reader is disconnected. */
const QUIET = 'quiet';
/** Sees no event at all. */
const SILENT = 'silent';

const WHO = 'reader';

/** Milliseconds within which the lists must be correct after the connection is restored. */
const CATCH_UP = 4_000;

/** History is compacted while a reader is away: it lists again and has what is different, no more and no less. */
export const compactionWhileAway: Scenario = {
  name: 'compaction-while-away',
  promise:
    'When history is compacted while a reader is away, of a prefix that never saw an event too, it lists again and tells exactly the net difference, once',
  needs: { 'list-after-compaction': 'net difference' },

  async run(stage, { kills }) {
    const rounds = Math.max(1, Math.ceil(kills / 10));
    const place = await EtcdPlace.open(stage);
    const leaving = Object.fromEntries(Array.from({ length: rounds }, (_, i) => [`goes${i + 1}`, '0']));
    for (const service of [BUSY, QUIET, SILENT])
      await place.write(service, { stays: '0', changes: '0', ...leaving });
    const way = await place.way();
    const services = [BUSY, QUIET, SILENT];
    await stage.application({ name: WHO, registry: way.url, piloted: { services }, follow: services });
    const findings: Finding[] = [];
    for (let round = 1; round <= rounds; round++)
      findings.push(...(await awayOnce(stage, place, way, round)));
    stage.figures['compactions while away'] = rounds;
    const { events } = stage.recorder;
    return [...findings, ...services.flatMap((service) => noPickFailed(events, { who: WHO, service }))];
  },
};

/** Everything but silence: what comes and goes meanwhile, and what is put back as it was, makes no difference. */
async function turmoil(place: Place, service: string, round: number): Promise<void> {
  await place.write(service, { [`passes${round}`]: '0', stays: undefined, changes: `${round} at first` });
  await place.write(service, {
    [`comes${round}`]: '0',
    [`passes${round}`]: undefined,
    changes: String(round),
  });
  await place.write(service, { stays: '0', [`goes${round}`]: undefined });
}

async function awayOnce(stage: Stage, place: EtcdPlace, way: Way, round: number): Promise<Finding[]> {
  await place.write(BUSY, { changes: `${round} before` });
  await seen(stage, [WHO], BUSY, { changes: `${round} before` }, stage.limit(CATCH_UP));
  const from = monotonic();
  stage.fault(WHO, 'away during a compaction', 'begin');
  for (const proxy of way.proxies) proxy.drop();
  await turmoil(place, BUSY, round);
  await turmoil(place, QUIET, round);
  await sleep(between(stage.random, 0, 1_000));
  await place.store.compact(await place.etcd.revision());
  for (const proxy of way.proxies) proxy.pass();
  stage.fault(WHO, 'away during a compaction', 'end');
  const back = monotonic();
  const changed: Marks = { changes: String(round), [`comes${round}`]: '0', [`goes${round}`]: undefined };
  await seen(stage, [WHO], BUSY, changed, stage.limit(CATCH_UP));
  await seen(stage, [WHO], QUIET, changed, stage.limit(CATCH_UP));
  // Unexpected events have had time to arrive as well.
  await sleep(1_500);
  const span = { from, to: monotonic() };
  const news = { added: [`comes${round}`], updated: ['changes'], removed: [`goes${round}`] };
  const { events } = stage.recorder;
  const took = seenAt(events, { who: WHO, service: QUIET }, 'changes', String(round), back);
  stage.figures['slowest net difference after the way back (ms)'] = Math.max(
    Number(stage.figures['slowest net difference after the way back (ms)'] ?? 0),
    Math.round((took ?? Infinity) - back),
  );
  return [
    ...netDifference(events, { who: WHO, service: BUSY }, span, news),
    ...netDifference(events, { who: WHO, service: QUIET }, span, news),
    ...netDifference(events, { who: WHO, service: SILENT }, span, undefined),
  ];
}
