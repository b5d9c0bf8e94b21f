import type { IEvent } from 'etcd3';
import { pause } from '../../common/async/deadline.js';
import { Semaphore } from '../../common/async/semaphore.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdWatches } from '../../etcd-client/watches.js';
import { WatchQueue } from '../../etcd-client/watch-queue.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { type EntryChange, SIGN_OF_LIFE_MS } from '../../registry/registry.js';
import { type Position } from './cursor.js';
import { type KeyRange } from './etcd-layout.js';
import { countRange, type RangeContext, readRange } from './read-range.js';

/** Own keys in a folder from which on one watch of the folder replaces the watches of its keys. */
export const MIN_RANGE_KEYS = 16;
/** How long to wait before a folder in which keys are still being registered is counted again. */
const RECOUNT_INTERVAL_MS = 500;

/** Concurrent reads before the watches of single keys. */
const MAX_CONCURRENT_READS = 64;

const WHAT = "watching the session's keys";

/** What the own keys of all sessions of a registry share. */
export interface OwnKeysContext {
  readonly reader: RangeContext;
  readonly watches: EtcdWatches;
  /** The own keys of every session. A key of another session of this process is no foreign key. */
  readonly sessions: Set<OwnKeys>;
}

/** The own keys with a common path up to the last slash. */
interface Folder {
  readonly path: string;
  readonly keys: Map<string, EntryKey>;
  /** Ends the watch of the folder; undefined without one. */
  range: AbortController | undefined;
  /** The watches of single keys. */
  readonly singles: Map<string, AbortController>;
  /** Own keys that the folder must have before it is worth counting: as many as it had in all at the last count. */
  countAt: number;
}

/**
 * The keys that one session has written, and the watch on them. A folder of which this process holds all keys has one watch;
 * a key elsewhere has one of its own. A folder of keys is watched only if the store counts no other key in it, and if the user may
 * read it: without the permission, or once another process writes to it, its keys are watched one by one.
 *
 * A watch of a folder starts with a read of the keys' revisions, and continues from the revision of that read. A watch of
 * a single key continues from the key's write. Neither has a gap.
 */
export class OwnKeys {
  private readonly folders = new Map<string, Folder>();
  private readonly reads = new Semaphore(MAX_CONCURRENT_READS);
  private queue: WatchQueue<readonly EntryChange[]> | undefined;

  constructor(
    private readonly context: OwnKeysContext,
    private readonly lease: string,
  ) {
    context.sessions.add(this);
  }

  /** The entry keys of all own keys, by etcd key. */
  *entries(): Iterable<readonly [string, EntryKey]> {
    for (const { keys } of this.folders.values()) yield* keys;
  }

  has(id: string): boolean {
    return this.folders.get(pathOf(id))?.keys.has(id) === true;
  }

  /** Adds a key before it is written: from then on its events are the session's own. */
  add(key: Buffer, entryKey: EntryKey): void {
    const id = idOf(key);
    const path = pathOf(id);
    let folder = this.folders.get(path);
    if (!folder) {
      folder = { path, keys: new Map(), range: undefined, singles: new Map(), countAt: MIN_RANGE_KEYS };
      this.folders.set(path, folder);
    }
    folder.keys.set(id, entryKey);
  }

  /**
   * Starts to watch a key, unless the watch of its folder covers it.
   *
   * @param position of the write; undefined: it has no answer
   */
  written(key: Buffer, position: Position | undefined): void {
    const id = idOf(key);
    const folder = this.folders.get(pathOf(id));
    if (!this.queue || !folder || folder.range) return;
    if (folder.keys.size >= folder.countAt) this.watchFolder(folder);
    else this.watchKey(folder, id, position);
  }

  /** Removes a key that the session does not own any more. */
  remove(key: Buffer): void {
    const id = idOf(key);
    const folder = this.folders.get(pathOf(id));
    if (!folder?.keys.delete(id)) return;
    folder.singles.get(id)?.abort();
    folder.singles.delete(id);
    if (folder.keys.size > 0) return;
    folder.range?.abort();
    this.folders.delete(folder.path);
  }

  /**
   * Yields the changes of the own keys: at first of all of them.
   *
   * @throws ClusterError when no server has answered for some seconds
   * @throws EtcdResponseError when the user may not read a key
   */
  watch(): AsyncIterableIterator<readonly EntryChange[], void> {
    const queue = new WatchQueue<readonly EntryChange[]>(
      (newer, older) => newer.length === 0 && older.length === 0,
      () => {
        this.stopWatches(queue);
      },
    );
    this.queue?.end();
    this.queue = queue;
    for (const folder of this.folders.values()) {
      folder.countAt = MIN_RANGE_KEYS;
      this.watchKeys(folder);
    }
    return queue;
  }

  /** Ends the watch, and forgets the keys. */
  close(): void {
    this.queue?.end();
    this.stopWatches(this.queue);
    this.folders.clear();
    this.context.sessions.delete(this);
  }

  private stopWatches(queue: WatchQueue<readonly EntryChange[]> | undefined): void {
    if (this.queue !== queue) return;
    this.queue = undefined;
    for (const folder of this.folders.values()) {
      folder.range?.abort();
      folder.range = undefined;
      endSingles(folder);
    }
  }

  /** @param from a position up to which all changes of the folder are known */
  private watchKeys(folder: Folder, from?: Position): void {
    if (folder.keys.size >= folder.countAt) this.watchFolder(folder);
    else for (const id of folder.keys.keys()) this.watchKey(folder, id, from);
  }

  private watchFolder(folder: Folder): void {
    const range = new AbortController();
    folder.range = range;
    void this.run(range, async (signal) => {
      const { path } = folder;
      const keys: KeyRange = { key: bytesOf(path), rangeEnd: endOf(path) };
      if (!(await this.isOwn(folder, keys, signal))) return;
      for (;;) {
        const { kvs, at } = await readRange(this.context.reader, { ...keys, keysOnly: true }, WHAT, signal);
        const revisions = new Map(kvs.map((kv) => [idOf(kv.key), kv.mod_revision]));
        if (kvs.some((kv) => !this.isKnown(idOf(kv.key)))) {
          folder.countAt = folder.keys.size + 1;
          return;
        }
        this.push([...folder.keys].map(([id, entryKey]) => ({ entryKey, version: revisions.get(id) })));
        endSingles(folder);
        await this.follow(keys, at, signal);
        if (signal.aborted || folder.range !== range) return;
      }
    }).finally(() => {
      if (folder.range !== range) return;
      folder.range = undefined;
      if (this.queue) this.watchKeys(folder);
    });
  }

  /** Counts the keys of a folder, again while more keys are being registered in it. */
  private async isOwn(folder: Folder, keys: KeyRange, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const before = folder.keys.size;
      try {
        folder.countAt = await countRange(this.context.reader, keys, WHAT, signal);
      } catch (error) {
        if (!(error instanceof EtcdResponseError && error.permissionDenied)) throw error;
        folder.countAt = Infinity;
        return false;
      }
      if (folder.countAt <= this.ownCount(folder.path)) return true;
      await pause(this.context.reader.clock, RECOUNT_INTERVAL_MS, signal);
      if (folder.keys.size === before) return false;
    }
  }

  private watchKey(folder: Folder, id: string, from: Position | undefined): void {
    if (folder.singles.has(id)) return;
    const single = new AbortController();
    folder.singles.set(id, single);
    void this.run(single, async (signal) => {
      const keys: KeyRange = { key: bytesOf(id) };
      let position = from;
      while (!signal.aborted) {
        if (!position) {
          const { kvs, at } = await this.reads.run(() =>
            readRange(this.context.reader, { ...keys, keysOnly: true }, WHAT, signal),
          );
          const entryKey = folder.keys.get(id);
          if (entryKey) this.push([{ entryKey, version: kvs[0]?.mod_revision }]);
          position = at;
        }
        await this.follow(keys, position, signal);
        position = undefined;
      }
    });
  }

  /** Delivers the events of a range until its history is lost, or a foreign key appears in it. */
  private async follow(
    keys: KeyRange,
    { revision, clusterId, fingerprint }: Position,
    signal: AbortSignal,
  ): Promise<void> {
    const request = {
      ...keys,
      after: revision,
      clusterId,
      ...(fingerprint && { fingerprint }),
      unavailableTimeoutMs: SIGN_OF_LIFE_MS,
    };
    for await (const news of this.context.watches.watch(request, signal)) {
      if (news.kind === 'alive') this.push([]);
      else if (news.kind !== 'events') return;
      else if (!this.deliver(news.events, { clusterId, revision: news.revision })) return;
    }
  }

  /** @returns whether all keys are own */
  private deliver(events: readonly IEvent[], position: Position): boolean {
    const changes: EntryChange[] = [];
    let own = true;
    for (const { type, kv } of events) {
      const id = idOf(kv.key);
      const folder = this.folders.get(pathOf(id));
      const entryKey = folder?.keys.get(id);
      if (entryKey) changes.push({ entryKey, version: type === 'Delete' ? undefined : kv.mod_revision });
      else if (folder?.range && type !== 'Delete' && kv.lease !== this.lease && !this.isKnown(id)) {
        own = false;
        folder.countAt = folder.keys.size + 1;
        folder.range.abort();
        folder.range = undefined;
        this.watchKeys(folder, position);
      }
    }
    this.push(changes);
    return own;
  }

  private isKnown(id: string): boolean {
    for (const session of this.context.sessions) if (session.has(id)) return true;
    return false;
  }

  private ownCount(path: string): number {
    let count = 0;
    for (const session of this.context.sessions) count += session.folders.get(path)?.keys.size ?? 0;
    return count;
  }

  /** Runs one watch. An error ends the watch of the whole session. */
  private async run(watch: AbortController, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { queue } = this;
    try {
      await work(watch.signal);
    } catch (error) {
      if (watch.signal.aborted) return;
      queue?.end(error as Error);
      this.stopWatches(queue);
    }
  }

  private push(changes: readonly EntryChange[]): void {
    this.queue?.push(changes);
  }
}

function endSingles({ singles }: Folder): void {
  for (const single of singles.values()) single.abort();
  singles.clear();
}

/** The bytes of a key as a string, one character for each. */
function idOf(key: Buffer): string {
  return key.toString('latin1');
}

function bytesOf(id: string): Buffer {
  return Buffer.from(id, 'latin1');
}

/** The path of a key up to its last slash; the key itself without one. */
function pathOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/') + 1) || id;
}

/** Exclusive end of the keys below a path. */
function endOf(path: string): Buffer {
  const end = bytesOf(path);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
