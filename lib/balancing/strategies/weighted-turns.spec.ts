import { expectLinear } from '../../../test/harness/in-memory/growth.js';
import { MAGLEV_SIZE } from './maglev-table.js';
import { weightedTurns } from './weighted-turns.js';

describe('weightedTurns', () => {
  it('gives turns by weight, those of one round in the order of the indexes', () => {
    expect([...weightedTurns([1, 3, 1.5], 11).subarray(0, 11)]).toEqual([1, 1, 2, 0, 1, 1, 2, 1, 0, 1, 2]);
    expect([...weightedTurns([2, 2], 5).subarray(0, 5)]).toEqual([0, 1, 0, 1, 0]);
  });

  it.each([[[1 + 3 / 7, 1]], [[1 / 3, 0.1, 0.3]], [[Math.PI, Math.E]], [[1e-9, 1e9]]])(
    'gives each of %j its share, although products of fractions are rounded',
    (weights) => {
      const turns = weightedTurns(weights, MAGLEV_SIZE).subarray(0, MAGLEV_SIZE);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, index) => {
        const share = turns.filter((each) => each === index).length / MAGLEV_SIZE;
        expect(Math.abs(share - weight / total)).toBeLessThan(0.001);
      });
    },
  );

  it('looks at the light ones only in their rounds', () => {
    const weights = Array.from({ length: 100_000 }, (_, index) => (index === 7 ? 65_535 : 1));
    expectLinear(() => {
      const turns = weightedTurns(weights, MAGLEV_SIZE);
      // The others have their first turn in round 65,535.
      expect(turns.subarray(0, 65_534).every((index) => index === 7)).toBe(true);
    });
  });
});
