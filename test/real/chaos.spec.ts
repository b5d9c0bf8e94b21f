import { fileURLToPath } from 'node:url';
import { outcomeText, play } from '../chaos/play.js';
import { freshSeed } from '../chaos/random.js';
import { SCENARIOS } from '../chaos/scenarios/index.js';

/** The share of `npm run chaos` that every run can afford; `npm run chaos -- --seed S` repeats what broke here. */
const SIZE = { kills: 5 };

const reports = fileURLToPath(new URL('../../.cache/chaos', import.meta.url));
const seed = freshSeed();

describe(`under fault, seed ${seed}`, () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario.promise, scenario] as const))(
    '%s: %s',
    async (_name, _promise, scenario) => {
      const outcome = await play(scenario, { seed, size: SIZE, reports });
      if (outcome.findings.length > 0) throw new Error(outcomeText(outcome));
      expect(outcome.findings).toEqual([]);
    },
    180_000,
  );
});
