import { type Effort, type Line } from '../measure/line.js';
import { comparePicks, counterFloor } from '../measure/picks.js';
import { openWorld } from '../measure/still-world.js';

async function byHandle(size: number, effort: Effort): Promise<Line> {
  const { discovery, close } = await openWorld(1, size);
  const handle = discovery.of('service-0');
  const line = await comparePicks(
    {
      what: `handle.pick(), ${size} endpoints`,
      floorName: 'array[i++ % n]',
      x: size,
      goal: { of: 'ratio', atMost: 1.1 },
    },
    effort,
    counterFloor(handle.endpoints),
    (picks) => {
      let sum = 0;
      for (let pick = 0; pick < picks; pick++) sum = (sum + handle.pick().port) | 0;
      return sum;
    },
  );
  await close();
  return line;
}

async function byName(services: number, effort: Effort): Promise<Line> {
  const { discovery, names, close } = await openWorld(services, 10);
  const counters = new Map(names.map((name) => [name, { list: discovery.endpoints(name), i: 0 }]));
  const line = await comparePicks(
    {
      what: `discovery.pick(name), ${services} services`,
      floorName: 'Map.get and the same',
      goal: { of: 'ratio', atMost: 1.3 },
    },
    effort,
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
  return line;
}

/** `handle 100`, `name 10`. */
export async function measure(variant: string, effort: Effort): Promise<readonly Line[]> {
  const [how, size] = variant.split(' ');
  return [await (how === 'handle' ? byHandle : byName)(Number(size), effort)];
}
