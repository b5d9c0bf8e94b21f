import { fileURLToPath } from 'node:url';
import { type Outcome, outcomeText } from '../chaos/play.js';
import { partName, playAll } from '../chaos/programme.js';
import { SCENARIOS } from '../chaos/scenarios/index.js';
import { SHARE_AT_ONCE, SHARE_SEED, SHARE_SIZE, shareOf } from '../chaos/share.js';

const reports = fileURLToPath(new URL('../../.cache/chaos', import.meta.url));
const parts = shareOf(SCENARIOS);

/** `npm run chaos -- --share` plays the same, and `npm run chaos` all scenarios. */
describe(`under fault, seed ${SHARE_SEED}`, () => {
  let outcomes: readonly Promise<Outcome>[] = [];
  beforeAll(() => {
    outcomes = playAll(parts, SHARE_AT_ONCE, { seed: SHARE_SEED, size: SHARE_SIZE, reports });
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
