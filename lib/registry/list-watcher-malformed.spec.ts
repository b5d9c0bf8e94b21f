import { ListWatcherBench, ids } from '../../test/harness/in-memory/list-watcher-bench.js';
import { broken, gone, listing, put, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { type ListWatcher } from './list-watcher.js';

describe('ListWatcher and malformed entries', () => {
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

  it('keeps the last good value of a malformed entry and warns once about it', async () => {
    registry.answer = () => listing([webEntry('a')], [broken('z')]);
    await started();
    registry.watch_.send({ kind: 'malformed', malformed: broken('a') });
    registry.watch_.send({ kind: 'malformed', malformed: broken('a') });
    registry.watch_.push({ kind: 'listing', listing: listing([webEntry('b')], [broken('a')]) });
    await clock.advance(0);
    expect(ids(updates.at(-1)).sort()).toEqual(['a', 'b']);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('instance "z" of service "web"');
    registry.watch_.send(gone('a'));
    await clock.advance(0);
    expect(ids(updates.at(-1))).toEqual(['b']);
  });

  const ignoring = (): string[] => warnings.filter((text) => text.startsWith('Ignoring'));

  it('limits the warnings about 10,000 malformed entries, and names each of them once', async () => {
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
    const named = [
      ...ignoring()
        .join('\n')
        .matchAll(/"(i\d+\.)"/g),
    ].map(([, name]) => name);
    expect(named.sort()).toEqual(names.sort());
    await watcher.close();
    expect(clock.pending).toBe(0);
  });

  it('names an entry that becomes malformed while warnings are limited, with the address that stays in use', async () => {
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

  it('warns again about an entry that was repaired and is malformed again', async () => {
    registry.answer = () => listing([], [broken('a')]);
    await started();
    registry.watch_.send(put('a'), { kind: 'malformed', malformed: broken('a') });
    await clock.advance(0);
    expect(ignoring()).toHaveLength(2);
    expect(ignoring()[0]).toContain('It is left out until it is repaired.');
    expect(ignoring()[1]).toContain('stays in use.');
  });

  it('logs the pending warnings when it is closed', async () => {
    registry.answer = () =>
      listing(
        [],
        Array.from({ length: 12 }, (_, index) => broken(`i${index}`)),
      );
    await started();
    await watcher.close();
    expect(ignoring()[11]).toContain('"i11"');
    expect(clock.pending).toBe(0);
  });
});
