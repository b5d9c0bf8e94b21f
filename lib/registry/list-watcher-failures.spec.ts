import { ListWatcherBench, ids } from '../../test/harness/in-memory/list-watcher-bench.js';
import { listing, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { deferred } from '../common/async/deferred.js';
import { RegistryUnavailableError } from '../common/errors/index.js';
import { type ListWatcher } from './list-watcher.js';
import { sharedConnectionOf } from './shared-connection.js';
import { type Listing } from './registry.js';

describe('ListWatcher on a registry that fails', () => {
  let bench: ListWatcherBench;
  let clock: ListWatcherBench['clock'];
  let registry: ListWatcherBench['registry'];
  let updates: ListWatcherBench['updates'];
  let warnings: ListWatcherBench['warnings'];
  let logs: ListWatcherBench['logs'];
  let watcher: ListWatcher;

  const create = (intervalMs?: number): ListWatcher => bench.create(intervalMs);

  async function started(): Promise<void> {
    watcher.start();
    await clock.advance(0);
  }

  beforeEach(() => {
    bench = new ListWatcherBench();
    ({ clock, registry, updates, warnings, logs } = bench);
    watcher = create();
  });

  afterEach(async () => {
    await bench.close(watcher);
  });

  it('lists at most once a second under a registry that resets every watch', async () => {
    await started();
    for (let second = 0; second < 100; second++) {
      registry.watch_.push({ kind: 'reset', reason: 'the index went back' });
      await clock.advance(100);
    }
    expect(registry.lists).toBeLessThanOrEqual(11);
    expect(registry.lists).toBeGreaterThanOrEqual(9);
    expect(warnings).toEqual([
      expect.stringContaining('3 times, each soon after a listing: the index went back'),
    ]);
  });

  it('logs no reset of a watch that had lived for a while', async () => {
    await started();
    for (let reset = 0; reset < 10; reset++) {
      for (let second = 0; second < 11; second++) {
        registry.watch_.send();
        await clock.advance(1_000);
      }
      registry.watch_.push({ kind: 'reset', reason: 'the history was compacted' });
      await clock.advance(0);
    }
    expect(registry.lists).toBe(11);
    expect(warnings).toEqual([]);
  });

  it('closes at once while it waits for the lists of others, which a silent registry does not answer', async () => {
    registry.answer = () => new Promise(() => undefined);
    const { listSemaphore } = sharedConnectionOf(registry, { clock, random: () => 0.5 });
    const others = Array.from({ length: listSemaphore.limit }, () => create());
    for (const other of others) other.start();
    await started();
    expect(listSemaphore.waiting).toBe(1);
    let closed = false;
    const closing = watcher.close().then(() => (closed = true));
    await clock.advance(0);
    expect(closed).toBe(true);
    await Promise.all(others.map((other) => other.close()));
    await closing;
  });

  it('keeps its entries, marked stale, through ten minutes of errors, and recovers within 5 s', async () => {
    registry.answer = () => listing([webEntry('a')]);
    await started();
    registry.answer = () => Promise.reject(new Error('connection refused'));
    registry.watch_.push(new Error('connection reset'));
    await clock.advance(600_000);
    expect(updates).toHaveLength(1);
    expect(watcher.state).toMatchObject({ stale: true, error: { message: 'connection refused' } });
    expect(watcher.state.since).toBe(0);
    expect(registry.lists).toBeGreaterThan(100);
    expect(registry.lists).toBeLessThan(300);
    registry.answer = () => listing([webEntry('a'), webEntry('b')]);
    await clock.advance(5_000);
    expect(watcher.state).toEqual({ stale: false, lastHeard: expect.any(Number) as number });
    expect(updates.map(ids)).toEqual([['a'], ['a', 'b']]);
    registry.watch_.send();
    await clock.advance(0);
    expect(warnings).toHaveLength(1);
    expect(logs).toHaveLength(1);
  });

  it('reports the latest error of any reader while it waits for its turn to reconnect', async () => {
    const unreachable = (why: string): RegistryUnavailableError =>
      new RegistryUnavailableError('test:', [{ endpoint: 'test', error: new Error(why) }]);
    await started();
    registry.answer = () => Promise.reject(unreachable('connection refused'));
    registry.watch_.push(unreachable('connection reset'));
    await clock.advance(1_100);
    const { reconnect: coordinator } = sharedConnectionOf(registry, { clock, random: () => 0.5 });
    coordinator.attemptFailed({ error: unreachable('certificate has expired') });
    expect(watcher.state.stale).toBe(true);
    expect(watcher.state.error?.message).toMatch(/certificate has expired/);
    coordinator.attemptSucceeded();
    registry.answer = () => Promise.reject(new Error('permission denied'));
    await clock.advance(5_000);
    coordinator.attemptFailed({ error: unreachable('connection reset') });
    expect(watcher.state.error?.message).toBe('permission denied');
  });

  it('retries the first list request without limit', async () => {
    registry.answer = () => Promise.reject(new Error('down'));
    await started();
    await clock.advance(3_600_000);
    expect(watcher.state.stale).toBe(true);
    expect(watcher.state.lastHeard).toBeUndefined();
    registry.answer = () => listing([webEntry('a')]);
    await clock.advance(5_000);
    await watcher.ready;
    expect(updates.map(ids)).toEqual([['a']]);
  });

  it('aborts a list request after 5 s', async () => {
    registry.answer = () => new Promise<Listing>(() => undefined);
    await started();
    await clock.advance(5_000);
    expect(watcher.state.error?.message).toMatch(/was not answered within 5000 ms/);
  });

  it('uses the list timeout of the driver', async () => {
    Object.assign(registry, { listTimeoutMs: 20_000 });
    registry.answer = () => new Promise<Listing>(() => undefined);
    await started();
    await clock.advance(19_900);
    expect(watcher.state.error).toBeUndefined();
    await clock.advance(200);
    expect(watcher.state.error?.message).toMatch(/was not answered within 20000 ms/);
  });

  it('backs off while lists succeed but every watch fails', async () => {
    registry.watchFails = new Error('no watches here');
    await started();
    await clock.advance(60_000);
    expect(registry.lists).toBeLessThan(35);
    expect(warnings).toHaveLength(1);
  });

  it('restarts a watch that ends without a reason or yields nothing', async () => {
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

  it.each<[unknown]>([[undefined], ['no watches here']])(
    'survives a driver that throws %j',
    async (thrown) => {
      const failed = deferred<never>();
      failed.reject(thrown as Error);
      Object.assign(registry, {
        watch: () => ({
          [Symbol.asyncIterator]: () => ({ next: () => failed.promise }),
        }),
      });
      await started();
      expect(watcher.state).toMatchObject({ stale: true, error: { message: String(thrown) } });
      await clock.advance(60_000);
      expect(registry.lists).toBeGreaterThan(5);
      expect(warnings).toHaveLength(1);
    },
  );
});
