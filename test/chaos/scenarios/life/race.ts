import { monotonic, sleep } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { noLeaseLeft } from '../../validators/leases.js';
import { type RaceFault, type RaceOutcome, type RaceSettings } from '../../workers/race.js';
import { type Scenario } from '../scenario.js';
import { Store } from '../store.js';

/** Rounds for each fault that is asked for: a thousand for a hundred. */
const ROUNDS_PER_KILL = 10;

const PROCESSES = 2;

/** Milliseconds: the longest TTL of the rounds, and one second. */
const EXPIRED = 5_000;

/** Applications whose calls come in any order. */
export const startStopRace: Scenario = {
  name: 'start-stop-race',
  promise:
    'Whatever the order in which keys are kept, changed, paused, resumed, moved to another TTL and stopped and applications closed, what should be there is there, and a TTL later there is no orphan key and no lease',

  async run(stage, { kills }) {
    const etcd = await stage.etcd({});
    const [url] = etcd.urls as [string];
    const rounds = Math.ceil((kills * ROUNDS_PER_KILL) / PROCESSES);
    const outcomes = await Promise.all(
      Array.from({ length: PROCESSES }, async (_, i) => {
        const settings: RaceSettings = {
          registry: `etcd://${etcd.hosts}`,
          url,
          from: i * rounds,
          rounds,
          seed: stage.seed,
        };
        return await stage.worker('race', settings).ask<RaceOutcome>('play');
      }),
    );
    await sleep(EXPIRED);
    const since = monotonic();
    const store = new Store(etcd);
    const { entries } = await store.list('/');
    stage.recorder.record('leases', { kind: 'leases', began: since, leases: await store.leases() });
    stage.figures['interleavings played'] = rounds * PROCESSES;
    const late = outcomes.reduce((sum, outcome) => sum + outcome.late, 0);
    if (late > 0) stage.figures['calls that a slow registry did not answer in time'] = late;
    return [
      ...outcomes.flatMap(({ faults }) => faults).map(raceFinding),
      ...entries.map(({ key }) => orphan(key)),
      ...noLeaseLeft(stage.recorder.events, 'leases', since),
    ];
  },
};

function raceFinding({ round, text, steps }: RaceFault): Finding {
  const who = `round ${round}`;
  return { promise: 'as it should be', who, at: monotonic(), text: `${text} After: ${steps.join(', ')}.` };
}

function orphan(key: string): Finding {
  const text = `Expected no key to be left, found "${key}".`;
  return { promise: 'no orphan key', who: key, at: monotonic(), text };
}
