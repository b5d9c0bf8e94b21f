import { fileURLToPath } from 'node:url';
import { type Outcome, outcomeText } from '../chaos/play.js';
import { asTheyAre, partName, playAll, weakenedBy } from '../chaos/programme.js';
import { freshSeed } from '../chaos/random.js';
import { SCENARIOS } from '../chaos/scenarios/index.js';

/** The share of `npm run chaos` that every run can afford; `npm run chaos -- --seed S` repeats what broke here. */
const SIZE = { kills: 5 };

/** Scenarios at a time: most of their time is waiting. */
const AT_ONCE = 3;

const reports = fileURLToPath(new URL('../../.cache/chaos', import.meta.url));
const seed = freshSeed();
const parts = [...asTheyAre(SCENARIOS), ...weakenedBy(SCENARIOS)];

describe(`under fault, seed ${seed}`, () => {
  let outcomes: readonly Promise<Outcome>[] = [];
  beforeAll(() => {
    outcomes = playAll(parts, AT_ONCE, { seed, size: SIZE, reports });
  });
  afterAll(async () => {
    await Promise.allSettled(outcomes);
  }, 900_000);

  it.each(parts.map((part, i) => [partName(part), part.scenario.promise, i] as const))(
    '%s: %s',
    async (_name, _promise, i) => {
      const outcome = await outcomes[i]!;
      if (outcome.findings.length > 0) throw new Error(outcomeText(outcome));
      expect(outcome.findings).toEqual([]);
    },
    900_000,
  );
});
