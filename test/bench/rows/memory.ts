import { type Effort, type Line } from '../measure/line.js';
import { openWorld, type World } from '../measure/still-world.js';

const ENDPOINTS = 100_000;

function heap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

export async function measure(_variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const ours: number[] = [];
  const floor: number[] = [];
  const worlds: World[] = [];
  const arrays: object[] = [];
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    // Everything stays referenced until the end, so that a difference never contains memory that is freed late.
    const before = heap();
    const plain = Array.from({ length: ENDPOINTS }, (_, index) => ({
      id: `service-0-${index}`,
      name: 'service-0',
      address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      port: 8_000,
      weight: 1,
      tags: [],
      meta: {},
      version: '0',
    }));
    floor.push((heap() - before) / ENDPOINTS);
    arrays.push(plain);
    const empty = heap();
    worlds.push(await openWorld(1, ENDPOINTS));
    ours.push((heap() - empty) / ENDPOINTS);
  }
  for (const { close } of worlds) await close();
  arrays.length = 0;
  return [
    {
      what: 'memory of 100,000 cached endpoints',
      unit: 'bytes an endpoint',
      ours,
      floor: { name: 'an array of plain objects', values: floor },
      goal: { of: 'ratio', atMost: 1.2 },
    },
  ];
}
