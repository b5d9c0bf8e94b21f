import { seededRandom } from '../../../test/chaos/random.js';
import { endpoints, picks } from '../../../test/harness/in-memory/endpoints.js';
import { RandomChoice } from './random-choice.js';

describe('RandomChoice', () => {
  it('reaches every endpoint and stays within the list', () => {
    const values = [0, 0.34, 0.67, 0.999_999];
    const balancer = new RandomChoice(() => values.shift()!);
    balancer.update(endpoints('a', 'b', 'c'));
    expect(picks(balancer, 4)).toEqual(['a', 'b', 'c', 'c']);
  });

  it.each([[[3, 1]], [[1, 2, 3, 4]], [[0.1, 1, 1]], [[65_535, 1, 1]]])(
    'draws by the weights %j',
    (weights) => {
      const balancer = new RandomChoice(seededRandom(3));
      balancer.update(endpoints(...weights.keys()), weights);
      const counts = weights.map(() => 0);
      for (const id of picks(balancer, 100_000)) counts[Number(id)]! += 1;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, index) => {
        expect(Math.abs(counts[index]! / 100_000 - weight / total)).toBeLessThan(0.01);
      });
    },
  );
});
