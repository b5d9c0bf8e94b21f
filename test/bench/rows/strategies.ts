import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { type Effort, type Line } from '../measure/line.js';
import { comparePicks, counterFloor, type Run } from '../measure/picks.js';
import { openWorld } from '../measure/still-world.js';

/** A strategy of the same cost for every pick, against the counter and remainder. */
async function scheduled(strategy: 'weighted' | 'maglev', size: number, effort: Effort): Promise<Line> {
  const weighted = strategy === 'weighted';
  const { discovery, close } = await openWorld(1, size, weighted ? 'round-robin' : 'maglev', (index) =>
    weighted ? 1 + (index % 5) : 1,
  );
  const handle = discovery.of('service-0');
  const line = await comparePicks(
    {
      what: `${weighted ? 'weights 1 to 5' : 'maglev with an integer key'}, ${size} endpoints`,
      floorName: 'array[i++ % n]',
      goal: { of: 'ratio', atMost: 3 },
    },
    effort,
    counterFloor(handle.endpoints),
    (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick(pick).port) | 0;
      return sum;
    },
  );
  await close();
  return line;
}

/** One endpoint of the hand-written strategies. */
interface Node {
  readonly endpoint: Endpoint;
  readonly inFlight: number;
  readonly latency: number;
  readonly at: number;
}

const randomFloor =
  (list: readonly Endpoint[]): Run =>
  (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++)
      sum = (sum + list[Math.floor(Math.random() * list.length)]!.port) | 0;
    return sum;
  };

/** Two choices as an application would write them, with a counter or with a decayed latency. */
const twoChoices =
  (cost: (node: Node) => number) =>
  (list: readonly Endpoint[]): Run => {
    const nodes = list.map((endpoint, index): Node => ({ endpoint, inFlight: index & 1, latency: 5, at: 0 }));
    return (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) {
        const one = Math.floor(Math.random() * nodes.length);
        let two = Math.floor(Math.random() * (nodes.length - 1));
        if (two >= one) two += 1;
        const [a, b] = [nodes[one]!, nodes[two]!];
        sum = (sum + (cost(b) < cost(a) ? b : a).endpoint.port) | 0;
      }
      return sum;
    };
  };

const now = 100;
const HAND_WRITTEN = {
  random: randomFloor,
  'least-request': twoChoices(({ inFlight }) => inFlight),
  'peak-ewma': twoChoices(
    ({ latency, at, inFlight }) => latency * Math.exp((at - now) / 10_000) * (inFlight + 1),
  ),
} as const;

/** A strategy that draws, against a hand-written one. */
async function drawn(balancer: keyof typeof HAND_WRITTEN, size: number, effort: Effort): Promise<Line> {
  const { discovery, close } = await openWorld(1, size, balancer);
  const handle = discovery.of('service-0');
  // Each endpoint has a latency, and every second one a call in progress.
  handle.endpoints.forEach((endpoint, index) => {
    handle.start(endpoint).done();
    if (index % 2 === 1) handle.start(endpoint);
  });
  const line = await comparePicks(
    {
      what: `${balancer}, ${size} endpoints`,
      floorName: 'written by hand',
      goal: { of: 'ratio', atMost: 1.3 },
    },
    effort,
    HAND_WRITTEN[balancer](handle.endpoints),
    (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick().port) | 0;
      return sum;
    },
  );
  await close();
  return line;
}

/** `weighted 100`, `peak-ewma 1000`. */
export async function measure(variant: string, effort: Effort): Promise<readonly Line[]> {
  const [strategy, size] = variant.split(' ') as [string, string];
  if (strategy === 'weighted' || strategy === 'maglev')
    return [await scheduled(strategy, Number(size), effort)];
  return [await drawn(strategy as keyof typeof HAND_WRITTEN, Number(size), effort)];
}
