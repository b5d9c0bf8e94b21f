import { setMaxListeners } from 'node:events';
import { answer, ScriptedService } from '../../../test/harness/in-memory/consul.js';
import { RegistryRefusedError, RegistryUnavailableError } from '../../common/errors/index.js';
import { type InstanceKey } from '../../registry/entry-record.js';
import { EntryKeyCatalogue } from './entry-key-catalogue.js';
import { type HealthEntry } from './health-entry.js';
import { ServiceCatalogue } from './service-catalogue.js';

const web = (id: string): InstanceKey => ({ kind: 'instance', service: 'web', id });
const never = new AbortController().signal;
setMaxListeners(0, never);

class World {
  readonly consul = new ScriptedService();
  readonly catalogue = new ServiceCatalogue(this.consul.client, this.consul.clock, 'web');

  /** Waits until the catalogue has the instance. Resolves with its id or the error. */
  async present(id: string, signal = never): Promise<unknown> {
    const find = (all: readonly HealthEntry[]): string | undefined => all.find((each) => each.id === id)?.id;
    return await this.catalogue.waitFor(web(id), signal, find).catch((error: unknown) => error);
  }

  expectIdle(): void {
    expect(this.catalogue.idle).toBe(true);
    expect(this.consul.clock.pending).toBe(0);
  }
}

describe('ServiceCatalogue', () => {
  it('shares a consistent read of all instances that are asked for at once', async () => {
    const world = new World();
    const { consul, catalogue } = world;
    consul.change(['a', 'b', 'other']);
    const read = Promise.all(['a', 'b', 'a'].map((id) => catalogue.read(web(id), never)));
    await consul.clock.advance(0);
    for (const all of await read) expect(all.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(consul.queries).toHaveLength(1);
    expect(consul.queries[0]?.query).toHaveProperty('consistent');
    world.expectIdle();
  });

  it('refuses an absent instance that the token may not read, and not one that is waited for', async () => {
    const world = new World();
    const { consul, catalogue } = world;
    const { reply } = consul;
    consul.reply = (request, signal) =>
      request.path.startsWith('/internal')
        ? answer([{ Allow: false }, { Allow: true }])
        : reply(request, signal);
    await expect(catalogue.read(web('a'), never)).rejects.toThrow(RegistryRefusedError);
    const waits = world.present('a');
    await consul.clock.advance(100);
    consul.change(['a']);
    await consul.clock.advance(100);
    expect(await waits).toBe('a');
    world.expectIdle();
  });

  it('waits for many changes by one query at a time, which one change may end', async () => {
    const world = new World();
    const { consul } = world;
    const ids = Array.from({ length: 40 }, (_, n) => `web-${n}`);
    const waits = Promise.all(ids.map((id) => world.present(id)));
    await consul.clock.advance(1_500);
    // The first read, and two waits of a second at most.
    expect(consul.queries).toHaveLength(3);
    expect(consul.queries[1]?.query).toMatchObject({ wait: '1s' });
    consul.change(ids.slice(0, 20));
    await consul.clock.advance(100);
    const queries = consul.queries.length;
    expect(queries).toBeLessThanOrEqual(5);
    consul.change(ids.slice(20));
    await consul.clock.advance(500);
    expect(await waits).toEqual(ids);
    expect(consul.queries).toHaveLength(queries);
    world.expectIdle();
  });

  it('asks for no more than a URL holds, and first for what may have changed', async () => {
    const world = new World();
    const { consul } = world;
    const ids = Array.from({ length: 300 }, (_, n) => `10.20.30.${n}:8080`);
    const waits = Promise.all(ids.map((id) => world.present(id)));
    await consul.clock.advance(2_000);
    consul.change(ids);
    await consul.clock.advance(10_000);
    expect(await waits).toEqual(ids);
    for (const { query = {} } of consul.queries)
      expect(new URLSearchParams(query).toString().length).toBeLessThan(7_500);
    world.expectIdle();
  });

  it('gives up 5 s after the last progress of the service', async () => {
    const world = new World();
    const { consul } = world;
    const outcomes: unknown[] = [];
    for (const id of ['a', 'b', 'missing'])
      void world.present(id).then((outcome) => void outcomes.push(outcome));
    await consul.clock.advance(4_000);
    consul.change(['a']);
    await consul.clock.advance(4_000);
    consul.change(['b']);
    await consul.clock.advance(4_000);
    expect(outcomes).toEqual(['a', 'b']);
    await consul.clock.advance(3_000);
    expect(outcomes[2]).toBeInstanceOf(RegistryUnavailableError);
    expect(outcomes[2]).toMatchObject({ message: expect.stringContaining('does not show it') as string });
    world.expectIdle();
  });

  it('rejects all that wait with the error of their query, and reads again for later ones', async () => {
    const world = new World();
    const { consul } = world;
    const { reply } = consul;
    const waits = [world.present('a'), world.present('b')];
    await consul.clock.advance(100);
    consul.reply = () => answer('No cluster leader', {}, 500);
    consul.change([]);
    await consul.clock.advance(1_000);
    for (const outcome of await Promise.all(waits)) expect(outcome).toBeInstanceOf(RegistryUnavailableError);
    world.expectIdle();
    consul.reply = reply;
    consul.change(['a']);
    const later = world.present('a');
    await consul.clock.advance(0);
    expect(await later).toBe('a');
  });

  it('ends the query with the last abort, and leaves no service behind', async () => {
    const { consul } = new World();
    const catalogue = new EntryKeyCatalogue(consul.client, consul.clock);
    const services = (): number => (catalogue as unknown as { services: Map<string, unknown> }).services.size;
    const signals: AbortSignal[] = [];
    const { reply } = consul;
    consul.reply = (request, signal) => {
      signals.push(signal);
      return request.query?.index === undefined ? reply(request, signal) : new Promise(() => undefined);
    };
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) =>
      catalogue.waitFor(web('a'), signal, () => undefined).catch((error: unknown) => error),
    );
    await consul.clock.advance(100);
    controllers[0]!.abort(new Error('first'));
    expect(signals[1]?.aborted).toBe(false);
    controllers[1]!.abort(new Error('second'));
    expect(await Promise.all(waits)).toEqual([new Error('first'), new Error('second')]);
    expect(signals[1]?.aborted).toBe(true);
    expect(services()).toBe(0);
    consul.reply = () => new Promise(() => undefined);
    const controller = new AbortController();
    const read = catalogue.read(web('a'), controller.signal);
    await consul.clock.advance(10);
    controller.abort(new Error('third'));
    await expect(read).rejects.toThrow('third');
    expect(services()).toBe(0);
    await consul.clock.advance(1_000);
    expect(consul.clock.pending).toBe(0);
  });
});
