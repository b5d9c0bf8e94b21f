import { Candidates } from '../../../harness/candidates.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { oneLeader } from '../../validators/leaders.js';
import { type Scenario, type Size } from '../scenario.js';

/** Seconds. */
const TTL = 5;
/** Milliseconds after a SIGKILL of the leader within which all candidates know the next one. */
const WITHIN_MS = TTL * 1_000 + 2_000;
const MAX_WRITES = 2;

/** Many candidates lose their leader. */
export const electionHerd: Scenario = {
  name: 'election-herd',
  promise:
    'When the leader of 500 candidates in at most 10 processes dies, each writes at most twice, and within TTL + 2 s one leads and all know it',
  alone: true,

  async run(stage, size) {
    const { processes, each } = scaleOf(size);
    const etcd = await stage.etcd({});
    const folder = await stage.folder('looks');
    const candidates = new Candidates(folder, { url: `etcd://${etcd.hosts}`, ttl: TTL });
    stage.atEnd(async () => await Promise.all(candidates.running.map((one) => one.kill())));
    // A process of its own, so that nothing else dies with the leader.
    const first = await candidates.start();
    await candidates.leader();
    for (let n = 0; n < processes; n++) await candidates.start(each);
    await known(candidates, 60_000);
    await sleep(TTL * 1_000);
    const before = await writes(candidates);
    const [view] = await first.views();
    stage.fault(first.name, 'kill', 'begin');
    const since = monotonic();
    await first.kill();
    await known(candidates, 60_000, view?.term ?? '');
    const took = monotonic() - since;
    await sleep(1_000);
    const after = await writes(candidates);
    const most = Math.max(...[...after].map(([who, count]) => count - (before.get(who) ?? 0)));
    stage.figures.candidates = processes * each;
    stage.figures['all know the next leader after (ms)'] = Math.round(took);
    stage.figures['most writes of a candidate'] = most;
    return [...findings(took, most), ...oneLeader(await candidates.samples())];
  },
};

function scaleOf({ kills }: Size): { readonly processes: number; readonly each: number } {
  return kills >= 50 ? { processes: 10, each: 50 } : { processes: 2, each: 30 };
}

function findings(took: number, most: number): Finding[] {
  const found: Finding[] = [];
  const broken = (text: string): number =>
    found.push({ promise: 'no herd of candidates', who: 'the candidates', at: monotonic(), text });
  if (took > WITHIN_MS)
    broken(`Expected all to know a leader within ${WITHIN_MS} ms, got ${Math.round(took)}.`);
  if (most > MAX_WRITES) broken(`Expected at most ${MAX_WRITES} writes a candidate, got ${most}.`);
  return found;
}

/** Waits until all candidates name one leader, of another term than `not`. */
async function known(candidates: Candidates, deadline: number, not = ''): Promise<void> {
  await until(
    'all candidates to know the leader',
    async () => {
      const views = (await Promise.all(candidates.running.map((one) => one.views()))).flat();
      const terms = new Set(views.map(({ leaderTerm }) => leaderTerm));
      return terms.size === 1 && !terms.has(undefined) && !terms.has(not);
    },
    { deadline, every: 50 },
  );
}

async function writes(candidates: Candidates): Promise<Map<string, number>> {
  const views = (await Promise.all(candidates.running.map((one) => one.views()))).flat();
  return new Map(views.map(({ who, writes: count }) => [who, count]));
}
