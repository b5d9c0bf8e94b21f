import { jest } from '@jest/globals';
import { TARGETS } from './targets/index.js';

/** Of the share that every run tries; `npm run fuzz` takes another one, and many more inputs. */
const SEED = 1;
/** Inputs of a target whose share is 1. */
const INPUTS = 1_000;

// Each takes two seconds of computing at most, and a busy machine may be slow to give them.
jest.setTimeout(180_000);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (name, target) => {
  it('holds its promise for everything that was ever found', async () => {
    expect(target.corpus.length).toBeGreaterThan(0);
    for (const entry of target.corpus) {
      try {
        await target.replay(entry);
      } catch (error) {
        throw new Error(`${entry.name}: ${messageOf(error)}`, { cause: error });
      }
    }
  });

  it(target.promise, async () => {
    const inputs = Math.max(50, Math.round(INPUTS * target.share));
    const finding = await target.fuzz({ inputs, seed: SEED });
    if (!finding) return;
    const { input, error } = finding;
    throw new Error(
      `${messageOf(error)}\n${input.toString().slice(0, 2_000)}\n` +
        `npm run fuzz -- --only ${name} --seed ${SEED} --inputs ${inputs}`,
      { cause: error },
    );
  });
});
