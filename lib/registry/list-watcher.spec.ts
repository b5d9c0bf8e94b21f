import { ListWatcherBench, ids } from '../../test/harness/in-memory/list-watcher-bench.js';
import { gone, listing, put, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { pause } from '../common/async/deadline.js';
import { deferred } from '../common/async/deferred.js';
import { ClosedError } from '../common/errors/index.js';
import { ListWatcher } from './list-watcher.js';
import { type Listing } from './registry.js';

describe('ListWatcher', () => {
  let bench: ListWatcherBench;
  let clock: ListWatcherBench['clock'];
  let registry: ListWatcherBench['registry'];
  let updates: ListWatcherBench['updates'];
  let warnings: ListWatcherBench['warnings'];
  let watcher: ListWatcher;

  const create = (intervalMs?: number): ListWatcher => bench.create(intervalMs);

  async function started(): Promise<void> {
    watcher.start();
    await clock.advance(0);
  }

  beforeEach(() => {
    bench = new ListWatcherBench();
    ({ clock, registry, updates, warnings } = bench);
    watcher = create();
  });

  afterEach(async () => {
    await bench.close(watcher);
  });

  it('lists, then watches from the cursor of the listing', async () => {
    registry.answer = () => ({ ...listing([webEntry('a')]), cursor: 'rev 7' });
    await started();
    expect(registry.watch_.cursor).toBe('rev 7');
    registry.watch_.send(put('b'));
    await clock.advance(0);
    expect(updates.map(ids)).toEqual([['a'], ['a', 'b']]);
    expect(updates[1]!.added.map(({ version }) => version)).toEqual(['1']);
  });

  it('reports an empty first listing', async () => {
    await started();
    expect(updates).toHaveLength(1);
    expect(updates[0]!.entries.size).toBe(0);
    await watcher.ready;
  });

  it('does not report batches that change nothing', async () => {
    registry.answer = () => listing([webEntry('a')]);
    await started();
    registry.watch_.send();
    registry.watch_.send(put('b'), gone('b'));
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('a')]) });
    await clock.advance(0);
    expect(updates).toHaveLength(1);
  });

  it('keeps the object of an entry that has not changed', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await started();
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('a'), webEntry('c')]) });
    await clock.advance(0);
    const id = 'instance\0web\0a';
    expect(updates[1]!.entries.get(id)).toBe(updates[0]!.entries.get(id));
    expect(updates[0]!.entries.size).toBe(2);
  });

  it('detects a changed content under an equal version, as after a loss of data', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b', { port: 81 })]);
    await started();
    registry.watch_.push({
      kind: 'listing',
      listing: listing([webEntry('a'), webEntry('b', { port: 82 })]),
    });
    await clock.advance(0);
    expect(updates[1]?.updated).toMatchObject([{ record: { instance: { id: 'b', port: 82 } } }]);
    registry.watch_.push({
      kind: 'listing',
      listing: listing([webEntry('a'), { ...webEntry('b', { port: 82 }), owner: 'another' }]),
    });
    await clock.advance(0);
    expect(updates[2]?.updated).toMatchObject([{ owner: 'another' }]);
    registry.watch_.send(put('b', { port: 83 }));
    await clock.advance(0);
    expect(updates[3]?.updated).toMatchObject([{ record: { instance: { port: 83 } } }]);
  });

  it('reports 10,000 changes of one batch as one update', async () => {
    await started();
    registry.watch_.send(...Array.from({ length: 10_000 }, (_, index) => put(`i${index}`)));
    await clock.advance(0);
    expect(updates).toHaveLength(2);
    expect(updates[1]!.entries.size).toBe(10_000);
  });

  it('reports why an entry was removed', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b'), webEntry('c')]);
    await started();
    registry.watch_.send(gone('a', 'expired'), gone('b', 'withdrawn'));
    registry.watch_.push({ kind: 'listing', listing: listing([]) });
    await clock.advance(0);
    expect(updates.slice(1).map(({ removed }) => removed.map(({ cause }) => cause))).toEqual([
      ['expired', 'withdrawn'],
      ['unknown'],
    ]);
  });

  it('reports the other missing entries as withdrawn if a listing names the expired ones', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await started();
    const expired = [{ kind: 'instance', service: 'web', id: 'a' } as const];
    registry.watch_.push({ kind: 'listing', listing: { ...listing([]), expired } });
    await clock.advance(0);
    const causes = updates[1]?.removed.map(({ entry: { record }, cause }) => [
      record.kind === 'instance' && record.instance.id,
      cause,
    ]);
    expect(causes).toEqual([
      ['a', 'expired'],
      ['b', 'withdrawn'],
    ]);
  });

  it('reports exactly the net difference after a reset', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b'), webEntry('c')]);
    await started();
    await clock.advance(5_000);
    registry.answer = () => listing([webEntry('a'), webEntry('b', { port: 81 }, '2'), webEntry('d')]);
    registry.watch_.push({ kind: 'reset', reason: 'compacted' });
    await clock.advance(0);
    const net = updates[1]!;
    expect(ids(net)).toEqual(['a', 'b', 'd']);
    expect([net.added.length, net.updated.length, net.removed.length]).toEqual([1, 1, 1]);
    expect(watcher.state.stale).toBe(false);
  });

  describe('refresh', () => {
    it('lists again at once and applies the listing', async () => {
      await started();
      registry.answer = () => listing([webEntry('a')]);
      const refreshed = watcher.refresh();
      await clock.advance(0);
      await refreshed;
      expect(updates.map(ids)).toEqual([[], ['a']]);
      expect(registry.open).toBe(1);
    });

    it('does not lose a change that arrives while a refresh is running', async () => {
      await started();
      const slow = deferred<Listing>();
      registry.answer = () => slow.promise;
      const first = watcher.refresh();
      await clock.advance(0);
      // The registry answered the running request before the change; a later call must get the change.
      registry.answer = () => listing([webEntry('a')]);
      const second = watcher.refresh();
      const third = watcher.refresh();
      expect(third).toBe(second);
      expect(second).not.toBe(first);
      slow.resolve(listing([]));
      await clock.advance(0);
      await Promise.all([first, second, third]);
      expect(registry.lists).toBe(3);
      expect(updates.map(ids)).toEqual([[], ['a']]);
    });

    it('does not wait for the backoff', async () => {
      registry.answer = () => Promise.reject(new Error('down'));
      await started();
      await clock.advance(60_000);
      registry.answer = () => listing([]);
      const refreshed = watcher.refresh();
      await clock.advance(0);
      await refreshed;
    });

    it('rejects with the error of its list request, and the watcher keeps retrying', async () => {
      await started();
      registry.answer = () => Promise.reject(new Error('down'));
      const refreshed = watcher.refresh();
      await clock.advance(0);
      await expect(refreshed).rejects.toThrow('down');
      registry.answer = () => listing([webEntry('a')]);
      await clock.advance(5_000);
      expect(updates.map(ids)).toEqual([[], ['a']]);
    });

    it('rejects after the watcher was closed', async () => {
      await started();
      const slow = deferred<Listing>();
      registry.answer = () => slow.promise;
      const running = watcher.refresh();
      await clock.advance(0);
      const next = watcher.refresh();
      await watcher.close();
      await expect(running).rejects.toThrow(ClosedError);
      await expect(next).rejects.toThrow(ClosedError);
      await expect(watcher.refresh()).rejects.toThrow(ClosedError);
    });
  });

  it('lists again after an interval without a batch', async () => {
    watcher = create(2_000);
    await started();
    await clock.advance(1_900);
    registry.watch_.send();
    await clock.advance(1_900);
    expect(registry.lists).toBe(1);
    await clock.advance(200);
    expect(registry.lists).toBe(2);
    expect(warnings).toEqual([]);
    expect(watcher.state.stale).toBe(false);
  });

  it('limits the concurrent list requests of a thousand watchers', async () => {
    let running = 0;
    let most = 0;
    let answered = 0;
    registry.answer = async () => {
      most = Math.max(most, (running += 1));
      await pause(clock, 10);
      running -= 1;
      answered += 1;
      return listing([webEntry('a')]);
    };
    const watchers = Array.from({ length: 1_000 }, () => create());
    for (const one of watchers) one.start();
    await clock.advance(10_000);
    expect(answered).toBe(1_000);
    expect(most).toBeLessThanOrEqual(64);
    expect(watchers.filter(({ state }) => state.stale)).toEqual([]);
    await Promise.all(watchers.map((one) => one.close()));
  });

  it('continues after a listener throws', async () => {
    watcher = new ListWatcher({
      registry,
      scope: { kind: 'key', key: 'leader' },
      clock,
      random: () => 0.5,
      logger: { log: () => undefined, warn: () => undefined, error: (text) => warnings.push(text) },
      onUpdate: () => {
        throw new Error('my fault');
      },
    });
    await started();
    expect(watcher.state.stale).toBe(false);
    expect(warnings).toEqual(['A listener for the key "leader" failed: my fault']);
  });

  it('ends its watch and timers when closed, also by two calls or before the start', async () => {
    await started();
    await Promise.all([watcher.close(), watcher.close()]);
    expect(registry.open).toBe(0);
    expect(clock.pending).toBe(0);
    const unused = create();
    await unused.close();
    unused.start();
    await expect(unused.ready).rejects.toThrow(ClosedError);
  });
});
