import {
  ScriptedRegistry,
  broken,
  gone,
  listing,
  put,
  webEntry,
} from '../../test/unit/piloted/scripted-registry.js';
import { pause } from '../common/async/deadline.js';
import { deferred } from '../common/async/deferred.js';
import { ClosedError, RegistryUnavailableError } from '../common/errors/index.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ListWatcher, type ListWatchState, type ListUpdate } from './list-watcher.js';
import { reconnectCoordinatorOf } from './reconnect-coordinator.js';
import { type Listing } from './registry.js';

describe('Follower', () => {
  let clock: VirtualClock;
  let registry: ScriptedRegistry;
  let sets: ListUpdate[];
  let states: ListWatchState[];
  let warnings: string[];
  let logs: string[];
  let follower: ListWatcher;

  function follow(interval?: number): ListWatcher {
    return new ListWatcher({
      registry,
      scope: { kind: 'service', service: 'web' },
      clock,
      random: () => 0.5,
      logger: {
        log: (text) => logs.push(text),
        warn: (text) => warnings.push(text),
        error: (text) => warnings.push(text),
      },
      onUpdate: (set) => sets.push({ ...set, entries: new Map(set.entries) }),
      onState: (state) => states.push(state),
      ...(interval === undefined ? {} : { intervalMs: interval }),
    });
  }

  async function started(): Promise<void> {
    follower.start();
    await clock.advance(0);
  }

  const ids = (set: ListUpdate | undefined): string[] =>
    [...(set?.entries.values() ?? [])].map(({ record }) =>
      record.kind === 'instance' ? record.instance.id : record.key,
    );

  beforeEach(() => {
    clock = new VirtualClock();
    registry = new ScriptedRegistry();
    sets = [];
    states = [];
    warnings = [];
    logs = [];
    follower = follow();
  });

  afterEach(async () => {
    registry.deaf = false;
    const closing = follower.close();
    await clock.advance(2_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  it('lists, then follows the watch from the cursor of the list', async () => {
    registry.answer = () => ({ ...listing([webEntry('a')]), cursor: 'rev 7' });
    await started();
    expect(registry.watch_.cursor).toBe('rev 7');
    registry.watch_.send(put('b'));
    await clock.advance(0);
    expect(sets.map(ids)).toEqual([['a'], ['a', 'b']]);
    expect(sets.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(sets[1]!.added.map(({ version }) => version)).toEqual(['1']);
  });

  it('hands out an empty first list, for empty is an answer', async () => {
    await started();
    expect(sets).toHaveLength(1);
    expect(sets[0]!.entries.size).toBe(0);
    await follower.ready;
  });

  it('is silent about batches that change nothing', async () => {
    registry.answer = () => listing([webEntry('a')]);
    await started();
    registry.watch_.send();
    registry.watch_.send(put('b'), gone('b'));
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('a')]) });
    await clock.advance(0);
    expect(sets).toHaveLength(1);
  });

  it('keeps the object of an entry that has not changed', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await started();
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('a'), webEntry('c')]) });
    await clock.advance(0);
    const id = 'instance\0web\0a';
    expect(sets[1]!.entries.get(id)).toBe(sets[0]!.entries.get(id));
    expect(sets[0]!.entries.size).toBe(2);
  });

  it('tells another content under a version that comes again, as where a registry lost its data', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b', { port: 81 })]);
    await started();
    registry.watch_.push({
      kind: 'listing',
      listing: listing([webEntry('a'), webEntry('b', { port: 82 })]),
    });
    await clock.advance(0);
    expect(sets[1]?.updated).toMatchObject([{ record: { instance: { id: 'b', port: 82 } } }]);
    registry.watch_.push({
      kind: 'listing',
      listing: listing([webEntry('a'), { ...webEntry('b', { port: 82 }), owner: 'another' }]),
    });
    await clock.advance(0);
    expect(sets[2]?.updated).toMatchObject([{ owner: 'another' }]);
    registry.watch_.send(put('b', { port: 83 }));
    await clock.advance(0);
    expect(sets[3]?.updated).toMatchObject([{ record: { instance: { port: 83 } } }]);
  });

  it('makes one emission of 10,000 changes in one batch', async () => {
    await started();
    registry.watch_.send(...Array.from({ length: 10_000 }, (_, index) => put(`i${index}`)));
    await clock.advance(0);
    expect(sets).toHaveLength(2);
    expect(sets[1]!.entries.size).toBe(10_000);
  });

  it('says why an entry went', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b'), webEntry('c')]);
    await started();
    registry.watch_.send(gone('a', 'expired'), gone('b', 'withdrawn'));
    registry.watch_.push({ kind: 'listing', listing: listing([]) });
    await clock.advance(0);
    expect(sets.slice(1).map(({ removed }) => removed.map(({ cause }) => cause))).toEqual([
      ['expired', 'withdrawn'],
      ['unknown'],
    ]);
  });

  it('takes from a listing that says which entries expired that the others were withdrawn', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await started();
    const expired = [{ kind: 'instance', service: 'web', id: 'a' } as const];
    registry.watch_.push({ kind: 'listing', listing: { ...listing([]), expired } });
    await clock.advance(0);
    const causes = sets[1]?.removed.map(({ entry: { record }, cause }) => [
      record.kind === 'instance' && record.instance.id,
      cause,
    ]);
    expect(causes).toEqual([
      ['a', 'expired'],
      ['b', 'withdrawn'],
    ]);
  });

  it('emits exactly the net difference after a reset', async () => {
    registry.answer = () => listing([webEntry('a'), webEntry('b'), webEntry('c')]);
    await started();
    await clock.advance(5_000);
    registry.answer = () => listing([webEntry('a'), webEntry('b', { port: 81 }, '2'), webEntry('d')]);
    registry.watch_.push({ kind: 'reset', reason: 'compacted' });
    await clock.advance(0);
    const net = sets[1]!;
    expect(ids(net)).toEqual(['a', 'b', 'd']);
    expect([net.added.length, net.updated.length, net.removed.length]).toEqual([1, 1, 1]);
    expect(follower.state.stale).toBe(false);
  });

  it('lists at most once a second under a registry that resets every watch', async () => {
    await started();
    for (let second = 0; second < 100; second++) {
      registry.watch_.push({ kind: 'reset', reason: 'the index went back' });
      await clock.advance(100);
    }
    expect(registry.lists).toBeLessThanOrEqual(11);
    expect(registry.lists).toBeGreaterThanOrEqual(9);
  });

  it('keeps its entries through ten minutes of errors, stale, and is fresh soon after', async () => {
    registry.answer = () => listing([webEntry('a')]);
    await started();
    registry.answer = () => Promise.reject(new Error('connection refused'));
    registry.watch_.push(new Error('connection reset'));
    await clock.advance(600_000);
    expect(sets).toHaveLength(1);
    expect(follower.state).toMatchObject({ stale: true, error: { message: 'connection refused' } });
    expect(follower.state.since).toBe(0);
    expect(registry.lists).toBeGreaterThan(100);
    expect(registry.lists).toBeLessThan(300);
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await clock.advance(5_000);
    expect(follower.state).toEqual({ stale: false, lastHeard: expect.any(Number) as number });
    expect(sets.map(ids)).toEqual([['a'], ['a', 'b']]);
    registry.watch_.send();
    await clock.advance(0);
    expect(warnings).toHaveLength(1);
    expect(logs).toHaveLength(1);
  });

  it('says why the registry is out of reach as others have learnt it while it waits for its turn', async () => {
    const away = (why: string): RegistryUnavailableError =>
      new RegistryUnavailableError('test:', [{ endpoint: 'test', error: new Error(why) }]);
    await started();
    registry.answer = () => Promise.reject(away('connection refused'));
    registry.watch_.push(away('connection reset'));
    await clock.advance(1_100);
    const shared = reconnectCoordinatorOf(registry, { clock, random: () => 0.5 });
    shared.attemptFailed(away('certificate has expired'));
    expect(follower.state.stale).toBe(true);
    expect(follower.state.error?.message).toMatch(/certificate has expired/);
    shared.attemptSucceeded();
    registry.answer = () => Promise.reject(new Error('permission denied'));
    await clock.advance(5_000);
    shared.attemptFailed(away('connection reset'));
    expect(follower.state.error?.message).toBe('permission denied');
  });

  it('never gives up on the first list either, and then is ready', async () => {
    registry.answer = () => Promise.reject(new Error('down'));
    await started();
    await clock.advance(3_600_000);
    expect(follower.state.stale).toBe(true);
    expect(follower.state.lastHeard).toBeUndefined();
    registry.answer = () => listing([webEntry('a')]);
    await clock.advance(5_000);
    await follower.ready;
    expect(sets.map(ids)).toEqual([['a']]);
  });

  it('gives up a list that is not answered', async () => {
    registry.answer = () => new Promise<Listing>(() => undefined);
    await started();
    await clock.advance(5_000);
    expect(states.at(-1)?.error?.message).toMatch(/was not answered within 5000 ms/);
  });

  it('waits for a list as long as the driver says', async () => {
    Object.assign(registry, { listTimeoutMs: 20_000 });
    registry.answer = () => new Promise<Listing>(() => undefined);
    await started();
    await clock.advance(19_900);
    expect(states.at(-1)?.error).toBeUndefined();
    await clock.advance(200);
    expect(states.at(-1)?.error?.message).toMatch(/was not answered within 20000 ms/);
  });

  it('backs off while lists succeed but every watch fails', async () => {
    registry.watchFails = new Error('no watches here');
    await started();
    await clock.advance(60_000);
    expect(registry.lists).toBeLessThan(35);
    expect(warnings).toHaveLength(1);
  });

  it('takes a watch that ends by itself, or falls silent, for broken', async () => {
    await started();
    registry.watch_.push('end');
    await clock.advance(1_500);
    expect(registry.watches).toHaveLength(2);
    registry.deaf = true;
    await clock.advance(14_000);
    expect(registry.watches).toHaveLength(2);
    await clock.advance(4_000);
    expect(registry.watches.length).toBeGreaterThan(2);
    expect(registry.open).toBe(1);
  });

  it('keeps the last good value of a malformed entry and warns once of it', async () => {
    registry.answer = () => listing([webEntry('a')], [broken('z')]);
    await started();
    registry.watch_.send({ kind: 'malformed', malformed: broken('a') });
    registry.watch_.send({ kind: 'malformed', malformed: broken('a') });
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('b')], [broken('a')]) });
    await clock.advance(0);
    expect(ids(sets.at(-1)).sort()).toEqual(['a', 'b']);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('instance "z" of service "web"');
    registry.watch_.send(gone('a'));
    await clock.advance(0);
    expect(ids(sets.at(-1))).toEqual(['b']);
  });

  const ignoring = (): string[] => warnings.filter((text) => text.startsWith('Ignoring'));

  it('does not flood the log when 10,000 entries are malformed, and names each of them in the end', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `i${index}.`);
    registry.answer = () =>
      listing(
        [],
        names.map((name) => broken(name)),
      );
    await started();
    for (let minute = 0; minute < 25; minute++) {
      expect(ignoring()).toHaveLength(Math.min(10 * (minute + 1), 210));
      await clock.advance(60_000);
    }
    expect(ignoring()[19]).toContain('9490 more are not shown yet.');
    const log = ignoring().join('\n');
    expect(names.filter((name) => log.split(`"${name}"`).length !== 2)).toEqual([]);
    await follower.close();
    expect(clock.pending).toBe(0);
  });

  it('names a good entry that broke while the log was full, with the address that stays in use', async () => {
    const others = Array.from({ length: 10 }, (_, index) => broken(`i${index}`));
    registry.answer = () => listing([webEntry('good')], others);
    await started();
    registry.answer = () => listing([], [...others, broken('good')]);
    registry.watch_.send({ kind: 'malformed', malformed: broken('good') });
    registry.watch_.send({ kind: 'malformed', malformed: broken('passing') }, gone('passing'));
    await clock.advance(0);
    expect(ignoring()).toHaveLength(10);
    await clock.advance(60_000);
    expect(ignoring()).toHaveLength(11);
    expect(ignoring()[10]).toMatch(/"good".*Its last good value, [\d.]+:\d+, stays in use\.$/);
  });

  it('warns again of an entry that was repaired and broke again', async () => {
    registry.answer = () => listing([], [broken('a')]);
    await started();
    registry.watch_.send(put('a'), { kind: 'malformed', malformed: broken('a') });
    await clock.advance(0);
    expect(ignoring()).toHaveLength(2);
    expect(ignoring()[0]).toContain('It is left out until it is repaired.');
    expect(ignoring()[1]).toContain('stays in use.');
  });

  it('names what still waits when it is closed', async () => {
    registry.answer = () =>
      listing(
        [],
        Array.from({ length: 12 }, (_, index) => broken(`i${index}`)),
      );
    await started();
    await follower.close();
    expect(ignoring()[11]).toContain('"i11"');
    expect(clock.pending).toBe(0);
  });

  describe('refresh', () => {
    it('lists again at once and takes in what it finds', async () => {
      await started();
      registry.answer = () => listing([webEntry('a')]);
      const refreshed = follower.refresh();
      await clock.advance(0);
      await refreshed;
      expect(sets.map(ids)).toEqual([[], ['a']]);
      expect(registry.open).toBe(1);
    });

    it('does not lose a change that arrives while a refresh is running', async () => {
      await started();
      const slow = deferred<Listing>();
      registry.answer = () => slow.promise;
      const first = follower.refresh();
      await clock.advance(0);
      // The running list was answered before the change; who asks now must get the change.
      registry.answer = () => listing([webEntry('a')]);
      const second = follower.refresh();
      const third = follower.refresh();
      expect(third).toBe(second);
      expect(second).not.toBe(first);
      slow.resolve(listing([]));
      await clock.advance(0);
      await Promise.all([first, second, third]);
      expect(registry.lists).toBe(3);
      expect(sets.map(ids)).toEqual([[], ['a']]);
    });

    it('does not wait for the backoff', async () => {
      registry.answer = () => Promise.reject(new Error('down'));
      await started();
      await clock.advance(60_000);
      registry.answer = () => listing([]);
      const refreshed = follower.refresh();
      await clock.advance(0);
      await refreshed;
    });

    it('rejects with the error of its list, and following goes on', async () => {
      await started();
      registry.answer = () => Promise.reject(new Error('down'));
      const refreshed = follower.refresh();
      await clock.advance(0);
      await expect(refreshed).rejects.toThrow('down');
      registry.answer = () => listing([webEntry('a')]);
      await clock.advance(5_000);
      expect(sets.map(ids)).toEqual([[], ['a']]);
    });

    it('rejects once the follower has been closed', async () => {
      await started();
      const slow = deferred<Listing>();
      registry.answer = () => slow.promise;
      const running = follower.refresh();
      await clock.advance(0);
      const next = follower.refresh();
      await follower.close();
      await expect(running).rejects.toThrow(ClosedError);
      await expect(next).rejects.toThrow(ClosedError);
      await expect(follower.refresh()).rejects.toThrow(ClosedError);
    });
  });

  it('lists again when nothing was heard for the interval', async () => {
    follower = follow(2_000);
    await started();
    await clock.advance(1_900);
    registry.watch_.send();
    await clock.advance(1_900);
    expect(registry.lists).toBe(1);
    await clock.advance(200);
    expect(registry.lists).toBe(2);
    expect(warnings).toEqual([]);
    expect(follower.state.stale).toBe(false);
  });

  it('lists for a thousand of them one after the other, when the registry is back', async () => {
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
    const followers = Array.from({ length: 1_000 }, () => follow());
    for (const one of followers) one.start();
    await clock.advance(10_000);
    expect(answered).toBe(1_000);
    expect(most).toBeLessThanOrEqual(64);
    expect(followers.filter(({ state }) => state.stale)).toEqual([]);
    await Promise.all(followers.map((one) => one.close()));
  });

  it('survives a listener that throws', async () => {
    follower = new ListWatcher({
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
    expect(follower.state.stale).toBe(false);
    expect(warnings).toEqual(['A listener for the key "leader" failed: my fault']);
  });

  it('ends watch and timers when closed, twice and before the start too', async () => {
    await started();
    await Promise.all([follower.close(), follower.close()]);
    expect(registry.open).toBe(0);
    expect(clock.pending).toBe(0);
    const unused = follow();
    await unused.close();
    unused.start();
    await expect(unused.ready).rejects.toThrow(ClosedError);
  });
});
