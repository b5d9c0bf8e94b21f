import { counterFloor, type Run, time } from '../bench/measure/picks.js';
import { openWorld } from '../bench/measure/still-world.js';

const PICKS = 10_000;
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 50;

/**
 * Far above the measured 1.05 and 1.3, and below what a copy or a search of the list costs. A coverage run counts the
 * statements of the library and not those of the floor.
 */
const MAX_RATIO = '__coverage__' in globalThis ? 10 : 3;

/**
 * How much longer ours takes than the floor. Both run next to each other, and the fastest round of each counts: other work
 * of the machine only adds to a round. More rounds are for a busy machine.
 */
function ratioOf(ours: Run, floor: Run): number {
  let ourBest = Infinity;
  let floorBest = Infinity;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    floorBest = Math.min(floorBest, time(floor, PICKS));
    ourBest = Math.min(ourBest, time(ours, PICKS));
    if (round >= FEWEST_ROUNDS && ourBest < MAX_RATIO * floorBest) break;
  }
  return ourBest / floorBest;
}

describe('a pick by round robin', () => {
  it.each([3, 1_000])('by the handle costs as much as a counter over %d endpoints', async (size) => {
    const { discovery, close } = await openWorld(1, size);
    const handle = discovery.of('service-0');
    const ours: Run = (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick().port) | 0;
      return sum;
    };
    const ratio = ratioOf(ours, counterFloor(handle.endpoints));
    await close();
    expect(ratio).toBeLessThan(MAX_RATIO);
  });

  it.each([3, 100])('by name costs as much as a Map and a counter over %d endpoints', async (size) => {
    const services = 3;
    const { discovery, names, close } = await openWorld(services, size);
    const counters = new Map(names.map((name) => [name, { list: discovery.endpoints(name), i: 0 }]));
    const ours: Run = (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + discovery.pick(names[pick % services]!).port) | 0;
      return sum;
    };
    const floor: Run = (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) {
        const counter = counters.get(names[pick % services]!)!;
        sum = (sum + counter.list[counter.i++ % counter.list.length]!.port) | 0;
      }
      return sum;
    };
    const ratio = ratioOf(ours, floor);
    await close();
    expect(ratio).toBeLessThan(MAX_RATIO);
  });
});
