import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { completeInstance } from '../../registry/instance.js';
import { type EntryChange, type Session } from '../../registry/registry.js';
import { until } from '../../../test/harness/wait.js';
import { FolderWatcher } from './folder-watcher.js';
import { FileRegistry } from './file-registry.js';
import { FileStore } from './file-store.js';
import { Layout } from './layout.js';

const KEYS = 50;
const { signal } = new AbortController();

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
    registry = new FileRegistry(store);
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
