import { jest } from '@jest/globals';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { type Logger, silentLogger } from '../../common/logger.js';
import { SessionWatch, type WatchingSession } from '../../registration/session-watch.js';
import { completeInstance } from '../../registry/instance.js';
import { type EntryChange, type Session } from '../../registry/registry.js';
import { until } from '../../../test/harness/wait.js';
import { type Notifier } from '../../registry/notifier.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { FolderWatcher, type ReadResult } from './folder-watcher.js';
import { type FolderWatchers } from './folder-watchers.js';
import { file } from './file.js';
import { FileRegistry } from './file-registry.js';
import { FileStore, type FolderSnapshot } from './file-store.js';
import { Layout, stemOfEntryKey } from './layout.js';
import { Notifications } from './notifications.js';
import { OwnEntries } from './own-entries.js';

const KEYS = 50;
const { signal } = new AbortController();

it('reports an entry that others wrote right after the session, though no further change follows', async () => {
  const clock = new VirtualClock();
  const entryKey = { kind: 'key', key: 'k' } as const;
  const layout = new Layout('/nowhere');
  const store = new FileStore('file:', layout, clock, { boot: 'boot', now: () => clock.now() });
  const read = (number: number, version: string): ReadResult => ({
    at: clock.now(),
    read: number,
    result: { entries: new Map([[stemOfEntryKey(entryKey), { version }]]) } as unknown as FolderSnapshot,
  });
  const subscription: { last: ReadResult | undefined } = { last: undefined };
  let notifier: Notifier | undefined;
  const watchers: Partial<FolderWatchers> = {
    reads: () => 3,
    subscribe: (_folder, subscriber) => {
      notifier = subscriber;
      return subscription;
    },
    unsubscribe: () => Promise.resolve(),
  };
  const own = new OwnEntries(store, watchers as FolderWatchers);
  own.written(entryKey, 'ours');
  const ending = new AbortController();
  const seen: EntryChange[] = [];
  let batches = 0;
  const watching = (async () => {
    for await (const changes of own.watch(ending.signal, () => false)) {
      batches += 1;
      seen.push(...changes);
    }
  })();
  await clock.advance(0);
  // Nothing has been read: the folder may be refused.
  expect(batches).toBe(0);
  // This read began before the end of the write, so that it may be older; the next one is equal.
  subscription.last = read(3, 'theirs');
  notifier?.notify();
  await clock.advance(0);
  expect(seen).toEqual([]);
  expect(batches).toBe(1);
  subscription.last = read(4, 'theirs');
  await clock.advance(100);
  expect(seen).toEqual([{ entryKey, version: 'theirs' }]);
  ending.abort();
  await watching;
});

describe('the watch of a session of a folder', () => {
  let registry: FileRegistry;
  let store: FileStore;
  let session: Session;
  const ending = new AbortController();
  const seen: EntryChange[] = [];
  let watching: Promise<void>;

  async function eventually(condition: () => boolean): Promise<void> {
    await until('a change', condition, { every: 5 });
  }

  beforeAll(async () => {
    const layout = new Layout(await mkdtemp(join(tmpdir(), 'sidekick-own-')));
    store = new FileStore('file:', layout, systemClock, { boot: 'boot', now: () => systemClock.now() });
    registry = new FileRegistry(store, new Notifications(silentLogger));
    session = await registry.openSession({ ttl: 60 }, signal);
    watching = (async () => {
      for await (const changes of session.watch!(ending.signal)) seen.push(...changes);
    })();
  });
  afterAll(async () => {
    ending.abort();
    await watching;
    await session.end(signal);
    await registry.close();
    await rm(store.layout.root, { recursive: true });
  });

  it('is one subscription for all keys, and reports only the changes of others', async () => {
    const subscribe = jest.spyOn(FolderWatcher.prototype, 'subscribe');
    const versions: string[] = [];
    for (let n = 0; n < KEYS; n++) {
      const written = await session.write({ kind: 'key', key: `k${n}`, value: 'v' }, undefined, signal);
      if (written.ok) versions.push(written.version);
    }
    await eventually(() => subscribe.mock.calls.length > 0);
    expect(versions).toHaveLength(KEYS);

    await registry.discard({ kind: 'key', key: 'k7' }, versions[7]!, signal);
    await eventually(() => seen.length > 0);
    expect(seen).toEqual([{ entryKey: { kind: 'key', key: 'k7' }, version: undefined }]);
    expect(subscribe).toHaveBeenCalledTimes(1);
    subscribe.mockRestore();
  });

  it('reports a write of another session, in a folder that is new to the watch', async () => {
    seen.length = 0;
    const instance = completeInstance({ service: 'web', id: 'one', address: '10.0.0.1', port: 80 });
    const written = await session.write({ kind: 'instance', instance }, undefined, signal);
    const other = await registry.openSession({ ttl: 60 }, signal);
    const theirs = { kind: 'instance', instance: { ...instance, port: 81 } } as const;
    const over = await other.write(theirs, written.ok ? written.version : '', signal);
    await eventually(() => seen.length > 0);
    expect(seen.at(-1)).toEqual({
      entryKey: { kind: 'instance', service: 'web', id: 'one' },
      version: over.ok ? over.version : '',
    });
    await other.end(signal);
  });
});

it('logs the loss of the watch once while the folder is refused', async () => {
  const lines: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    log: (line) => lines.push(line),
    warn: (line) => lines.push(line),
  };
  const root = await mkdtemp(join(tmpdir(), 'sidekick-own-'));
  const deps = { clock: systemClock, random: Math.random, logger };
  const registry = await file(root).open(deps);
  const session = await registry.openSession({ ttl: 60 }, signal);
  await session.write({ kind: 'key', key: 'k', value: 'v' }, undefined, signal);
  let watches = 0;
  const watched: WatchingSession = Object.assign(Object.create(session) as WatchingSession, {
    watch: (aborted: AbortSignal) => {
      watches += 1;
      return session.watch!(aborted);
    },
  });
  const watch = new SessionWatch({ registry, ...deps }, watched, () => undefined);
  try {
    await chmod(root, 0o777);
    await until('the watch to begin again twice', () => watches > 2);
    expect(lines).toEqual([expect.stringContaining('Lost the watch on the entries of this process')]);
    await chmod(root, 0o700);
    await until('the watch to be restored', () => lines.length > 1);
    expect(lines[1]).toContain('Restored the watch on the entries of this process');
  } finally {
    watch.stop();
    await chmod(root, 0o700);
    await session.end(signal);
    await registry.close();
    await rm(root, { recursive: true });
  }
});
