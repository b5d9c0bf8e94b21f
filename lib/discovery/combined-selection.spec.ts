import { endpoint } from '../../test/harness/in-memory/endpoints.js';
import {
  gone,
  listing,
  put,
  ScriptedRegistry,
  webEntry,
} from '../../test/harness/in-memory/scripted-registry.js';
import { silentLogger } from '../common/logger.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { CombinedSelection } from './combined-selection.js';
import { type Endpoint } from './endpoint.js';
import { type Selection } from './selection.js';
import { ServiceCache } from './service-cache.js';
import { NO_STATE, type ServiceChange } from './service-change.js';

async function world(fallback: readonly Endpoint[], ...lists: (readonly string[] | 'down')[]) {
  const clock = new VirtualClock();
  const registries = lists.map((ids, index) => {
    const registry = new ScriptedRegistry();
    registry.answer = () => {
      if (ids === 'down') throw new Error('unreachable');
      return listing(ids.map((id) => webEntry(id, { port: 8_000 + 100 * index + ids.indexOf(id) })));
    };
    return registry;
  });
  const caches = registries.map(() => new ServiceCache({ clock, random: () => 0.5, logger: silentLogger }));
  const parts = caches.map((cache) => cache.watch({ service: 'web' }));
  const selection = new CombinedSelection('web', parts, Object.freeze(fallback), NO_STATE);
  const changes: ServiceChange[] = [];
  selection.subscribe((change) => changes.push(change));
  const start = async (): Promise<void> => {
    await Promise.all(caches.map((cache, index) => cache.start(registries[index]!)));
    await clock.advance(0);
  };
  const close = async (): Promise<void> => {
    await selection.close();
    await Promise.all(caches.map((cache) => cache.close()));
    expect(clock.pending).toBe(0);
  };
  return { clock, registries, selection, changes, start, close };
}

const ids = ({ endpoints }: { readonly endpoints: readonly Endpoint[] }): string[] =>
  endpoints.map(({ id }) => id);

describe('CombinedSelection', () => {
  it('is the union of the registries in their order, and follows each of them', async () => {
    const { clock, registries, selection, changes, start, close } = await world([], ['a', 'b'], ['c']);
    expect([selection.revision, selection.change]).toEqual([0, undefined]);
    await start();
    expect(ids(selection)).toEqual(['a', 'b', 'c']);
    registries[1]!.watch_.send(put('d', { port: 9_000 }));
    registries[0]!.watch_.send(gone('a'));
    await clock.advance(0);
    expect(ids(selection)).toEqual(['b', 'c', 'd']);
    expect(changes.slice(-2).map(({ added, removed }) => [added.length, removed.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(selection.freshness).toMatchObject({ answered: true, stale: false });
    expect(Object.isFrozen(selection.endpoints)).toBe(true);
    await close();
  });

  it('has one endpoint for each address and port, of the first registry, and unique ids', async () => {
    const { clock, registries, selection, start, close } = await world([], ['a'], []);
    await start();
    registries[1]!.watch_.send(put('other', { port: 8_000 }), put('a', { port: 8_500 }));
    await clock.advance(0);
    expect(ids(selection)).toEqual(['a', `a@${selection.endpoints[0]!.address}:8500`]);
    const [, renamed] = selection.endpoints;
    registries[1]!.watch_.send(put('x', { port: 8_600 }));
    await clock.advance(0);
    expect(selection.endpoints[1]).toBe(renamed);
    registries[0]!.watch_.send(gone('a'));
    await clock.advance(0);
    // `a` keeps its position, although it is another instance.
    expect(ids(selection)).toEqual(['a', 'x', 'other']);
    await close();
  });

  it('serves one registry while another is down, as stale', async () => {
    const { selection, start, close } = await world([], ['a'], 'down');
    await start();
    expect(ids(selection)).toEqual(['a']);
    expect(selection.freshness).toMatchObject({ answered: false, stale: true });
    expect(selection.freshness.error?.message).toContain('unreachable');
    await close();
  });

  it('uses the fallback before the first answer and while the list is empty, as stale', async () => {
    const { clock, registries, selection, changes, start, close } = await world([endpoint('f')], ['a']);
    expect([ids(selection), selection.revision, selection.freshness.stale]).toEqual([['f'], 1, true]);
    await start();
    expect([ids(selection), selection.freshness.stale]).toEqual([['a'], false]);
    registries[0]!.watch_.send(gone('a'));
    await clock.advance(0);
    expect([ids(selection), selection.freshness.stale]).toEqual([['f'], true]);
    registries[0]!.watch_.send(put('b', {}));
    await clock.advance(0);
    expect([ids(selection), selection.freshness.stale]).toEqual([['b'], false]);
    expect(changes.map(({ revision, removed }) => [revision, removed.map(({ id }) => id)])).toEqual([
      [2, ['f']],
      [3, ['a']],
      [4, ['f']],
    ]);
    await close();
  });

  it('keeps the fallback while the registry is down', async () => {
    const { clock, selection, start, close } = await world([endpoint('f')], 'down');
    await start();
    await clock.advance(60_000);
    expect([ids(selection), selection.freshness.answered]).toEqual([['f'], false]);
    await close();
  });

  it('searches its lists only for an endpoint that one of them suspects', () => {
    const all = Object.freeze([endpoint('a'), endpoint('b')]);
    let searches = 0;
    const part = {
      get endpoints() {
        searches += 1;
        return all;
      },
      revision: 1,
      subscribe: () => () => undefined,
      isSuspect: ({ id }: Endpoint) => id === 'b',
    } as unknown as Selection;
    const selection = new CombinedSelection('web', [part, part], [], NO_STATE);
    searches = 0;
    expect(all.map((each) => selection.isSuspect(each))).toEqual([false, true]);
    // A status page asks for every endpoint of a long list.
    expect(searches).toBe(1);
  });
});
