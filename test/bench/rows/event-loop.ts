import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkTypeScript } from '../../harness/fork.js';
import { alternate } from '../measure/alternate.js';
import { FLEET_SERVICE, startEtcdFleet } from '../measure/etcd-fleet.js';
import { type Effort, type Line } from '../measure/line.js';
import { openDiscovery } from '../measure/open-discovery.js';
import { median } from '../measure/statistics.js';

export const CHANGES_PER_SECOND = 100;

interface Sample {
  /** Milliseconds of the 99th percentile. */
  readonly delay: number;
  /** Share of one processor, in percent. */
  readonly cpu: number;
}

async function sample(seconds: number): Promise<Sample> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / ((performance.now() - start) * 10);
  histogram.disable();
  return { delay: histogram.percentile(99) / 1e6, cpu };
}

/** `10000`: endpoints, of which 100 change every second. */
export async function measure(variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const size = Number(variant);
  const fleet = await startEtcdFleet(size);
  const { handle, close } = await openDiscovery(fleet.source, FLEET_SERVICE, size);
  const writer = forkTypeScript(new URL('./event-loop-process.ts', import.meta.url), [
    fleet.endpoint,
    variant,
  ]);
  await once(writer, 'message');
  let changes = 0;
  const subscription = handle.changes.subscribe(({ updated }) => (changes += updated.length));
  const seconds = quick ? 2 : 6;
  const ours: Sample[] = [];
  const floor: Sample[] = [];
  /** Changes a second that arrived. */
  const rates: number[] = [];
  try {
    await alternate(quick ? 1 : rounds, {
      ours: async () => {
        writer.send('start');
        changes = 0;
        ours.push(await sample(seconds));
        writer.send('stop');
        rates.push(changes / seconds);
        return 0;
      },
      floor: async () => {
        // Changes that are still on their way belong to the other side.
        await sleep(200);
        floor.push(await sample(seconds));
        return 0;
      },
    });
    const line = (what: string, unit: string, value: (of: Sample) => number, goal?: Line['goal']): Line => ({
      what: `${what}, ${size} endpoints, ${CHANGES_PER_SECOND} changes a second`,
      unit,
      // The first of each is the warm-up.
      ours: ours.slice(1).map(value),
      floor: { name: 'no changes', values: floor.slice(1).map(value) },
      ...(goal ? { goal } : {}),
      note: `${Math.round(median(rates))} changes a second arrived`,
    });
    return [
      line('event-loop delay p99', 'ms', ({ delay }) => delay, { of: 'difference', atMost: 10 }),
      line('processor', '%', ({ cpu }) => cpu),
    ];
  } finally {
    subscription.unsubscribe();
    writer.kill();
    await close();
    await fleet.stop();
  }
}
