// npm run bench -- --only pick
import { type BalancerName } from '../../lib/balancing/create-balancer.js';
import { ServiceCache } from '../../lib/discovery/service-cache.js';
import { type Endpoint } from '../../lib/discovery/endpoint.js';
import { systemClock } from '../../lib/common/clock.js';
import { silentLogger } from '../../lib/common/logger.js';
import { DiscoveryService } from '../../lib/piloted/discovery.service.js';
import { ServiceHandles } from '../../lib/piloted/service-handles.js';
import { completeInstance } from '../../lib/registry/instance.js';
import {
  type RegistryEntry,
  type Listing,
  type Registry,
  type WatchBatch,
} from '../../lib/registry/registry.js';
import { median } from './median.js';

const PICKS = 2_000_000;
const ROUNDS = 9;
const SIZES = [3, 10, 100, 1_000, 10_000];

/** A registry with `size` endpoints in every service, whose watch never reports a change. */
function still(size: number, weightOf: (index: number) => number): Registry {
  const listing = (service: string): Listing => ({
    entries: Array.from({ length: size }, (_, index): RegistryEntry => {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
      const weight = weightOf(index);
      const instance = completeInstance({ service, id: `${service}-${index}`, address, port: 8_000, weight });
      return { record: { kind: 'instance', instance }, version: '1', owner: undefined };
    }),
    malformed: [],
    cursor: '0',
  });
  return {
    driver: 'still',
    url: 'still:',
    openSession: () => Promise.reject(new Error('read-only')),
    list: (scope) => Promise.resolve(listing(scope.kind === 'service' ? scope.service : '')),
    async *watch(_scope, _cursor, signal): AsyncGenerator<WatchBatch> {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      yield* [];
    },
    close: () => Promise.resolve(),
  };
}

interface World {
  readonly discovery: DiscoveryService;
  readonly names: readonly string[];
  close(): Promise<void>;
}

async function world(
  services: number,
  size: number,
  balancer: BalancerName = 'round-robin',
  weightOf: (index: number) => number = () => 1,
): Promise<World> {
  const cache = new ServiceCache({ clock: systemClock, random: Math.random, logger: silentLogger });
  const book = new ServiceHandles({
    cache,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    balancer,
    bootTimeout: 5,
  });
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  await cache.start(still(size, weightOf));
  const discovery = new DiscoveryService(book);
  await Promise.all(names.map((name) => discovery.of(name).ready({ min: size })));
  return {
    discovery,
    names,
    close: async () => {
      book.close();
      await cache.close();
    },
  };
}

type Run = (picks: number) => number;

/** Returns nanoseconds per call. The sum prevents V8 from optimising the work away; 32 bits keep it from being boxed. */
function time(run: Run): number {
  const start = process.hrtime.bigint();
  const sum = run(PICKS);
  const took = Number(process.hrtime.bigint() - start);
  if (Number.isNaN(sum)) throw new Error('Something that is no endpoint was picked.');
  return took / PICKS;
}

interface Row {
  readonly what: string;
  readonly floor: number;
  readonly ours: number;
  /** Median of the ratios of each round, both sides measured next to each other. */
  readonly ratio: number;
  readonly bytes: number;
}

function compare(what: string, floor: Run, ours: Run): Row {
  time(floor);
  time(ours);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    // The second run has warmer caches, so the order alternates.
    const first = round % 2 === 0;
    const one = time(first ? floor : ours);
    const two = time(first ? ours : floor);
    return first ? { floor: one, ours: two } : { floor: two, ours: one };
  });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  ours(PICKS);
  const bytes = (process.memoryUsage().heapUsed - before) / PICKS;
  return {
    what,
    floor: median(rounds.map((round) => round.floor)),
    ours: median(rounds.map((round) => round.ours)),
    ratio: median(rounds.map((round) => round.ours / round.floor)),
    bytes: Math.max(0, bytes),
  };
}

/** The floor of `pick`: a counter and a remainder over the same endpoints. */
function floorOf(list: readonly Endpoint[]): Run {
  const n = list.length;
  let i = 0;
  return (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++) sum = (sum + list[i++ % n]!.port) | 0;
    return sum;
  };
}

async function handlePick(size: number): Promise<Row> {
  const { discovery, close } = await world(1, size);
  const handle = discovery.of('service-0');
  const row = compare(`handle.pick(), ${size} endpoints`, floorOf(handle.endpoints), (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick().port) | 0;
    return sum;
  });
  await close();
  return row;
}

async function discoveryPick(services: number): Promise<Row> {
  const { discovery, names, close } = await world(services, 10);
  const counters = new Map(names.map((name) => [name, { list: discovery.endpoints(name), i: 0 }]));
  const row = compare(
    `discovery.pick(name), ${services} services`,
    (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) {
        const counter = counters.get(names[pick % services]!);
        if (counter) sum = (sum + counter.list[counter.i++ % counter.list.length]!.port) | 0;
      }
      return sum;
    },
    (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + discovery.pick(names[pick % services]!).port) | 0;
      return sum;
    },
  );
  await close();
  return row;
}

/** A strategy of the same cost for every pick, against the counter and remainder. */
async function strategyPick(
  what: string,
  size: number,
  balancer: BalancerName,
  weighted: boolean,
): Promise<Row> {
  const { discovery, close } = await world(1, size, balancer, (index) => (weighted ? 1 + (index % 5) : 1));
  const handle = discovery.of('service-0');
  const row = compare(`${what}, ${size} endpoints`, floorOf(handle.endpoints), (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick(pick).port) | 0;
    return sum;
  });
  await close();
  return row;
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
async function drawingPick(size: number, balancer: keyof typeof HAND_WRITTEN): Promise<Row> {
  const { discovery, close } = await world(1, size, balancer);
  const handle = discovery.of('service-0');
  // Each endpoint has a latency, and every second one a call in progress.
  handle.endpoints.forEach((endpoint, index) => {
    handle.start(endpoint).done();
    if (index % 2 === 1) handle.start(endpoint);
  });
  const floor = HAND_WRITTEN[balancer](handle.endpoints);
  const row = compare(`${balancer}, ${size} endpoints, against a hand-written one`, floor, (picks) => {
    let sum = 0;
    for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick().port) | 0;
    return sum;
  });
  await close();
  return row;
}

const rows: Row[] = [];
for (const size of SIZES) rows.push(await handlePick(size));
for (const services of [10, 1_000]) rows.push(await discoveryPick(services));
for (const size of [10, 100, 1_000]) {
  rows.push(await strategyPick('weights 1 to 5', size, 'round-robin', true));
  rows.push(await strategyPick('maglev with an integer key', size, 'maglev', false));
  for (const balancer of ['random', 'least-request', 'peak-ewma'] as const)
    rows.push(await drawingPick(size, balancer));
}

console.log('| what | floor ns | ours ns | ours / floor | bytes a pick |');
console.log('| --- | --- | --- | --- | --- |');
for (const { what, floor, ours, ratio, bytes } of rows)
  console.log(
    `| ${what} | ${floor.toFixed(2)} | ${ours.toFixed(2)} | ${ratio.toFixed(2)} | ${bytes.toFixed(3)} |`,
  );
