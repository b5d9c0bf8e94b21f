import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { type ServiceHandle } from '../../../lib/piloted/service-handle.js';
import { until } from '../../harness/wait.js';
import { type Instance, saying, World } from './support.js';

const SERVICE = 'web';

describe('weights with real servers', () => {
  let world: World;
  let handle: ServiceHandle;
  let call: () => Promise<void>;

  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    await world.end();
  });

  async function boot(more: { readonly slowStart?: number } = {}): Promise<void> {
    const { http, discovery } = await world.boot({ services: [{ name: SERVICE, ...more }] });
    handle = discovery.of(SERVICE);
    call = async () => {
      await (await http.fetch(`http://${SERVICE}/`)).text();
    };
  }

  /** The requests that each instance gets of so many calls. */
  async function shares(instances: readonly Instance[], calls: number): Promise<number[]> {
    const before = instances.map(({ requests }) => requests);
    for (let made = 0; made < calls; made++) await call();
    return instances.map(({ requests }, index) => requests - before[index]!);
  }

  it('follows the weights of the registry with the change that brings them, the others keep their place', async () => {
    const ids = ['a', 'b', 'c'];
    const instances: Instance[] = [];
    for (const id of ids) instances.push(await world.serve(SERVICE, id, saying('ok')));
    await boot();
    expect(await shares(instances, 30)).toEqual([10, 10, 10]);
    let weight = 1;
    const weightOfB = (): number | undefined => handle.endpoints.find(({ id }) => id === 'b')?.weight;
    const change = async (to: number): Promise<void> => {
      weight = to;
      await world.register(SERVICE, 'b', { port: instances[1]!.port, weight });
      await until('the change', () => weightOfB() === weight);
    };
    const revision = handle.revision;
    await change(4);
    expect(handle.revision).toBe(revision + 1);
    expect(handle.endpoints.map(({ id }) => id)).toEqual(ids);
    expect(await shares(instances, 60)).toEqual([10, 40, 10]);
    await change(0);
    expect(await shares(instances, 20)).toEqual([10, 0, 10]);
    await change(1);
    expect(await shares(instances, 30)).toEqual([10, 10, 10]);
  });

  it('gives an instance that joins a growing share', async () => {
    const instances = [await world.serve(SERVICE, 'a', saying('ok'))];
    await boot({ slowStart: 5 });
    await call();
    instances.push(await world.serve(SERVICE, 'b', saying('ok')));
    await until('the new instance', () => handle.endpoints.length === 2);
    /** The share of the next picks that the new instance has, of its full one. Picks cost microseconds. */
    const shareOfNew = (): number => {
      const picks = Array.from({ length: 2_000 }, (): Endpoint => handle.pick());
      const share = picks.filter(({ id }) => id === 'b').length / picks.length;
      return share / (1 - share);
    };
    const seen: number[] = [shareOfNew()];
    await until('the whole share', () => {
      seen.push(shareOfNew());
      return seen.at(-1)! > 0.99;
    });
    expect(seen[0]).toBeLessThan(0.8);
    // The steps differ by what the schedule rounds.
    seen.slice(1).forEach((share, index) => {
      expect(share).toBeGreaterThan(seen[index]! - 0.05);
    });
    // A share of 0.995 is one turn too few in two hundred.
    await until('equal shares', async () => String(await shares(instances, 20)) === '10,10');
  });
});
