import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ServiceCache } from '../discovery/service-cache.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { silentLogger } from '../common/logger.js';
import { ServiceHandles } from './service-handles.js';
import { type ServiceHandle } from './service-handle.js';
import { UnknownServiceError } from './unknown-service.error.js';
import { type Change } from '../registry/registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import {
  gone,
  listing,
  put,
  ScriptedRegistry,
  webEntry,
} from '../../test/harness/in-memory/scripted-registry.js';
import { runs } from '../../test/harness/in-memory/runs.js';

interface World {
  readonly clock: VirtualClock;
  readonly registry: ScriptedRegistry;
  readonly book: ServiceHandles;
  readonly handle: ServiceHandle;
  /** Logged errors. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

async function world(...ids: string[]): Promise<World> {
  const clock = new VirtualClock();
  const registry = new ScriptedRegistry();
  registry.answer = () => listing(ids.map((id) => webEntry(id)));
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (line: string) => void errors.push(line) };
  const cache = new ServiceCache({ clock, random: () => 0.5, logger });
  const book = new ServiceHandles({
    cache,
    clock,
    random: () => 0.5,
    logger,
    balancer: 'round-robin',
    bootTimeout: 5,
  });
  const handle = book.of('web');
  await cache.start(registry);
  await clock.advance(0);
  const close = async (): Promise<void> => {
    book.close();
    await cache.close();
    expect(clock.pending).toBe(0);
    expect(registry.open).toBe(0);
  };
  return { clock, registry, book, handle, errors, close };
}

const ids = (endpoints: readonly Endpoint[]): string[] => endpoints.map(({ id }) => id);

describe('ServiceHandle over a registry', () => {
  it('picks from the current list at every step of a random sequence of updates', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const change = fc.oneof(
      fc.tuple(id, fc.nat(9)).map(([name, port]): Change => put(name, { port: 80 + port }, `v${port}`)),
      id.map((name): Change => gone(name)),
    );
    const step = fc.record({ changes: fc.array(change, { maxLength: 4 }), picks: fc.nat(12) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (program) => {
        const { clock, registry, handle, close } = await world('a', 'b');
        for (const { changes, picks } of program) {
          registry.watch_.send(...changes);
          await clock.advance(0);
          const strangers: unknown[] = [];
          const counts = new Map(ids(handle.endpoints).map((name) => [name, 0]));
          for (let pick = 0; pick < picks && counts.size > 0; pick++) {
            const picked = handle.pick();
            if (!handle.endpoints.includes(picked)) strangers.push(picked);
            counts.set(picked.id, (counts.get(picked.id) ?? 0) + 1);
          }
          expect(strangers).toEqual([]);
          if (counts.size === 0) expect(() => handle.pick()).toThrow(/answered with an empty list/);
          else expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
        }
        await close();
      }),
      { numRuns: runs(40, 100) },
    );
  });

  it('serves the same list, stale with its age, through ten minutes without a registry, and is fresh again without an empty list between', async () => {
    const { clock, registry, handle, close } = await world('a', 'b');
    const lists: string[][] = [];
    handle.changes.subscribe(({ endpoints }) => lists.push(ids(endpoints)));
    registry.answer = () => Promise.reject(new Error('refused'));
    registry.watch_.push(new Error('connection reset'));
    for (let second = 0; second < 600; second++) {
      await clock.advance(1_000);
      expect(['a', 'b']).toContain(handle.pick().id);
    }
    expect(handle.stale).toBe(true);
    expect(handle.age).toBe(600);
    expect(handle.error?.message).toBe('refused');
    registry.answer = () => listing([webEntry('b'), webEntry('c')]);
    await clock.advance(5_000);
    expect(handle.stale).toBe(false);
    expect(lists).toEqual([['b', 'c']]);
    await close();
  });

  it('publishes one list for a batch of 10,000 changes', async () => {
    const { clock, registry, handle, close } = await world();
    let changes = 0;
    handle.changes.subscribe(() => changes++);
    registry.watch_.send(...Array.from({ length: 10_000 }, (_, index) => put(`i${index}`)));
    await clock.advance(0);
    expect([changes, handle.endpoints.length]).toEqual([1, 10_000]);
    await close();
  });

  it('watches another query under the same handle', async () => {
    const { clock, registry, book, handle, close } = await world('a');
    registry.answer = () => listing([webEntry('a', { tags: ['blue'] }, '2'), webEntry('b')]);
    await book.configure([{ name: 'web', tag: 'blue', interval: 3 }]);
    await clock.advance(0);
    expect(book.of('web')).toBe(handle);
    expect(ids(handle.endpoints)).toEqual(['a']);
    expect(handle.revision).toBe(2);
    book.restrict();
    await book.configure([]);
    expect(() => handle.pick()).toThrow(UnknownServiceError);
    expect(registry.open).toBe(0);
    await close();
  });

  it('ends waiting and iterating when the application closes', async () => {
    const { handle, close } = await world('a');
    const waiting = expect(handle.ready({ min: 2, timeout: 60 })).rejects.toThrow(/has been closed/);
    const seen: number[] = [];
    const iterating = (async () => {
      for await (const list of handle) seen.push(list.length);
    })();
    await close();
    await Promise.all([waiting, iterating]);
    expect(seen).toEqual([1]);
    expect(handle.pick().id).toBe('a');
  });

  it('leaks no memory in thousands of updates and subscriptions', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { clock, registry, handle, close } = await world('a', 'b', 'c');
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const update = async (count: number): Promise<void> => {
      for (let version = 0; version < count; version++) {
        const id = `i${version % 100}`;
        registry.watch_.send(put(id, { meta: { version: String(version) } }, `v${version}`));
        if (version % 500 === 0) await clock.advance(0);
      }
      await clock.advance(0);
    };
    await update(2_000);
    const before = used();
    const updates = runs(6_000, 20_000);
    await update(updates);
    for (let round = 0; round < updates / 2; round++) handle.changes.subscribe(() => undefined).unsubscribe();
    expect(used()).toBeLessThan(before * 1.05);
    expect(handle.endpoints).toHaveLength(103);
    await close();
  });

  it('logs the error of a listener for candidates, which fails no call and keeps no other listener from its list', async () => {
    const { clock, handle, errors, close } = await world('a', 'b');
    const seen: string[][] = [];
    handle.onCandidates(() => {
      throw new Error('own fault');
    });
    handle.onCandidates((candidates) => seen.push(ids(candidates)));
    const [a, b] = handle.endpoints as [Endpoint, Endpoint];
    handle.start(a).done();
    for (let call = 0; call < 5; call++) handle.start(b).done(new Error('refused'));
    // The ejection ends by a timer.
    await clock.advance(40_000);
    expect(seen).toEqual([['a'], ['a', 'b']]);
    const line = 'A listener for the candidates of service "web" failed: own fault';
    expect(errors).toEqual([line, line]);
    await close();
  });
});
