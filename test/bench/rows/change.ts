import { type BalancerName } from '../../../lib/balancing/create-balancer.js';
import { alternate } from '../measure/alternate.js';
import { type Effort, type Line } from '../measure/line.js';
import { median } from '../measure/statistics.js';
import { entryOf, openWorld } from '../measure/still-world.js';

/** `1000`, `10000 maglev`, `10000 weighted`: endpoints of the service, of which one changes at a time, and how they are picked. */
export async function measure(variant: string, { rounds, quick }: Effort): Promise<readonly Line[]> {
  const [count, how = 'round-robin'] = variant.split(' ');
  const size = Number(count);
  const isWeighted = how === 'weighted';
  const weightOf = (index: number): number => (isWeighted ? 1 + (index % 5) : 1);
  const changes = quick ? 100 : 400;
  const { registry, discovery, close } = await openWorld(
    1,
    size,
    isWeighted ? 'round-robin' : (how as BalancerName),
    weightOf,
  );
  const handle = discovery.of('service-0');
  let version = 1;
  /** Microseconds from the change in the watch until the service's listeners have the new list. */
  const ours = async (): Promise<number> => {
    const took: number[] = [];
    for (let index = 0; index < changes; index++) {
      const position = (index * 7) % size;
      const entry = entryOf('service-0', position, weightOf(position), version++);
      const changed = new Promise<void>((resolve) => {
        const subscription = handle.changes.subscribe(() => {
          subscription.unsubscribe();
          resolve();
        });
      });
      const start = performance.now();
      registry.push([{ kind: 'put', entry }]);
      await changed;
      took.push((performance.now() - start) * 1e3);
      handle.pick(index);
    }
    return median(took);
  };
  let list: readonly { readonly id: string }[] = handle.endpoints.map(({ id }) => ({ id }));
  /** A copy of the list with one endpoint replaced. */
  const floor = async (): Promise<number> => {
    const took: number[] = [];
    for (let index = 0; index < changes; index++) {
      const start = performance.now();
      const next = [...list];
      next[(index * 7) % size] = { id: `service-0-${version++}` };
      list = next;
      await Promise.resolve();
      took.push((performance.now() - start) * 1e3);
    }
    return median(took);
  };
  const values = await alternate(rounds, { ours, floor });
  await close();
  return [
    {
      what: `one change in a list of ${size}${how === 'round-robin' ? '' : isWeighted ? ', weights 1 to 5' : `, ${how}`}`,
      unit: 'µs',
      ours: values.ours,
      floor: { name: 'a copy with one element replaced', values: values.floor },
      ...(how === 'round-robin' ? { x: size } : {}),
    },
  ];
}
