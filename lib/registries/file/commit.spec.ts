import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../../common/async/deferred.js';
import { systemClock } from '../../common/clock.js';
import { type KeyRecord, entryKeyOf } from '../../registry/entry-record.js';
import { type RegistryEntry, type WriteResult } from '../../registry/registry.js';
import { commit, type ObservedEntry } from './commit.js';
import { type Folder } from './folder.js';
import { Layout } from './layout.js';
import { ensureRoot } from './root.js';
import { FileSession } from './file-session.js';
import { FileStore } from './file-store.js';
import { FolderWatchers } from './folder-watchers.js';

const { signal } = new AbortController();
const record = (value: string): KeyRecord => ({ kind: 'key', key: 'k', value });
const entryKey = entryKeyOf(record(''));

describe('commit, with a concurrent change after it has read the entry key', () => {
  let store: FileStore;
  let watchers: FolderWatchers;
  let other: FileSession;
  beforeEach(async () => {
    const layout = new Layout(await mkdtemp(join(tmpdir(), 'sidekick-commit-')));
    await ensureRoot(layout);
    store = new FileStore('file:', layout, systemClock, { boot: 'boot', now: () => systemClock.now() });
    watchers = new FolderWatchers(store, undefined);
    other = await FileSession.open(store, watchers, 'other', { ttl: 60 });
    await FileSession.open(store, watchers, 'slow', { ttl: 60 });
  });
  afterEach(async () => {
    await rm(store.layout.root, { recursive: true });
  });

  /** Writes as session `slow`, and runs `meanwhile` after it has read the entry key. */
  async function slowly(guard: string | undefined, meanwhile: () => Promise<unknown>): Promise<WriteResult> {
    let observed: ObservedEntry | undefined;
    return await commit({
      layout: store.layout,
      folder: store.folder(entryKey),
      record: record('slow'),
      session: 'slow',
      guard,
      observe: async (where) => {
        const state = await store.observe(where);
        if (!observed) {
          observed = state;
          await meanwhile();
        }
        return state;
      },
      signal,
    });
  }

  /** Writes as session `slow`, and runs `meanwhile` after it has created its file, or after it has found its base unchanged. */
  async function pausing(
    guard: string | undefined,
    where: 'before the check' | 'after the check',
    meanwhile: () => Promise<unknown>,
  ): Promise<WriteResult> {
    const own = new FileStore('file:', store.layout, systemClock, store.time);
    const folder = own.folder(entryKey);
    let paused = false;
    const pause = async (): Promise<void> => {
      if (paused) return;
      paused = true;
      await meanwhile();
    };
    const pausingFolder = new Proxy(folder, {
      get: (target, property: keyof Folder) => {
        const value: unknown = target[property];
        if (typeof value !== 'function') return value;
        if (property !== 'content' && property !== 'names') return value.bind(target) as unknown;
        return async (...args: unknown[]) => {
          if (where === 'before the check') await pause();
          const result: unknown = await (value.apply(target, args) as unknown);
          if (where === 'after the check') await pause();
          return result;
        };
      },
    });
    return await commit({
      layout: own.layout,
      folder: pausingFolder,
      record: record('slow'),
      session: 'slow',
      guard,
      observe: (entry) => own.observe(entry),
      signal,
    });
  }

  async function write(value: string, guard?: string): Promise<string> {
    const written = await other.write(record(value), guard, signal);
    if (!written.ok) throw new Error('the other writer lost');
    return written.version;
  }

  const current = async (): Promise<RegistryEntry | undefined> => (await store.list(entryKey)).entries[0];
  const files = async (): Promise<string[]> => (await readdir(store.layout.keys)).sort();

  it('succeeds without a concurrent change', async () => {
    await expect(slowly(undefined, async () => undefined)).resolves.toMatchObject({ ok: true });
    expect(await files()).toEqual(['k@1.json']);
  });

  it('fails if the empty entry key was written', async () => {
    const lost = await slowly(undefined, async () => await write('other'));
    expect(lost).toMatchObject({ ok: false, current: { record: record('other') } });
    expect(await files()).toEqual(['k@1.json']);
  });

  it('fails if the empty entry key was written twice', async () => {
    const lost = await slowly(undefined, async () => await write('second', await write('first')));
    expect(lost).toMatchObject({ ok: false, current: { record: record('second') } });
    expect(await files()).toEqual(['k@2.json']);
  });

  it('fails if the base version was replaced', async () => {
    const first = await write('first');
    const lost = await slowly(first, async () => await write('second', first));
    expect(lost).toMatchObject({ ok: false, current: { record: record('second') } });
    expect(await files()).toEqual(['k@2.json']);
  });

  it('fails if the base version was removed', async () => {
    const first = await write('first');
    const lost = await slowly(first, async () => await other.remove(entryKey, signal));
    expect(lost).toEqual({ ok: false, current: undefined });
    expect(await files()).toEqual([]);
  });

  it('fails if the base version was removed and written again with the same number', async () => {
    const first = await write('first');
    const lost = await slowly(first, async () => {
      await other.remove(entryKey, signal);
      await write('again');
    });
    expect(lost).toMatchObject({ ok: false, current: { record: record('again') } });
    expect(await files()).toEqual(['k@1.json']);
  });

  it('fails if a sweep and a write reset the version number', async () => {
    const dead = await FileSession.open(store, watchers, 'dead', { ttl: 60 });
    let version: string | undefined;
    for (let n = 0; n < 5; n++) {
      const written = await dead.write(record(String(n)), version, signal);
      version = written.ok ? written.version : undefined;
    }
    await rm(store.layout.session('dead'));
    expect(await current()).toBeUndefined();
    expect(await files()).toEqual(['k@5.json']);
    const lost = await slowly(undefined, async () => {
      await rm(join(store.layout.keys, 'k@5.json'));
      await write('new');
    });
    expect(lost).toMatchObject({ ok: false, current: { record: record('new') } });
    expect(await files()).toEqual(['k@1.json']);
  });

  it('retries and succeeds if only a sweep removed the base version', async () => {
    const dead = await FileSession.open(store, watchers, 'dead', { ttl: 60 });
    await dead.write(record('dead'), undefined, signal);
    await rm(store.layout.session('dead'));
    const won = await slowly(undefined, async () => await rm(join(store.layout.keys, 'k@1.json')));
    expect(won).toMatchObject({ ok: true });
    expect(await current()).toMatchObject({ record: record('slow'), owner: 'slow' });
    expect(await files()).toEqual(['k@1.json']);
  });

  it('creates the folder again if it was removed', async () => {
    const won = await slowly(undefined, async () => await rm(store.layout.keys, { recursive: true }));
    expect(won).toMatchObject({ ok: true });
    expect(await files()).toEqual(['k@1.json']);
  });

  describe('and with others that build on its version before it has finished', () => {
    const later = async (): Promise<void> => {
      const before = await current();
      await write('later', await write('next', before?.version));
    };

    it.each(['before the check', 'after the check'] as const)('succeeds once, paused %s', async (where) => {
      const first = await write('first');
      await expect(pausing(first, where, later)).resolves.toMatchObject({ ok: true });
      expect(await current()).toMatchObject({ record: record('later') });
      expect(await files()).toEqual(['k@4.json']);
    });

    it.each(['before the check', 'after the check'] as const)('creates once, paused %s', async (where) => {
      await expect(pausing(undefined, where, later)).resolves.toMatchObject({ ok: true });
      expect(await current()).toMatchObject({ record: record('later') });
      expect(await files()).toEqual(['k@3.json']);
    });

    it('leaves a file that another writer created with the same number after a removal', async () => {
      const first = await write('first');
      const lost = await pausing(first, 'before the check', async () => {
        await later();
        await other.remove(entryKey, signal);
        await write('again', await write('new'));
      });
      expect(lost).toMatchObject({ ok: false, current: { record: record('again') } });
      expect(await current()).toMatchObject({ record: record('again') });
      expect(await files()).toEqual(['k@2.json']);
    });

    it('lets no other writer succeed with the same base', async () => {
      const first = await write('first');
      const [reached, lost] = [deferred<void>(), deferred<void>()];
      let second: Promise<WriteResult> | undefined;
      const third = await slowly(first, async () => {
        second = pausing(first, 'after the check', async () => {
          await later();
          reached.resolve();
          await lost.promise;
        });
        await reached.promise;
      });
      expect(third).toMatchObject({ ok: false, current: { record: record('later') } });
      lost.resolve();
      await expect(second).resolves.toMatchObject({ ok: true });
      expect(await current()).toMatchObject({ record: record('later') });
    });
  });

  it('leaves no temporary file', async () => {
    await slowly(undefined, async () => await write('other'));
    expect(await readdir(store.layout.temporary)).toEqual([]);
  });
});
