import { abortReason } from '../../common/async/abort.js';
import { checkRecord, checkScope } from '../../registry/check-record.js';
import { type EntryRecord, type EntryKey, entryKeyOf } from '../../registry/entry-record.js';
import {
  type EntryChange,
  type Renewal,
  type Session,
  type SessionOptions,
  type WriteResult,
} from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { commit, removeVersions } from './commit.js';
import { type Folder, newestOf } from './folder.js';
import { type FolderWatchers } from './folder-watchers.js';
import { asRegistryError } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { stemOfEntryKey } from './layout.js';
import { OwnEntries } from './own-entries.js';
import { type SessionFile } from './session-file.js';
import { recheckRoot } from './root.js';
import { type FileStore } from './file-store.js';
import { removeFile, replaceFile } from './write-file.js';

/** A session of the file registry: one small file whose deadline applies to all entries that name the session. */
export class FileSession implements Session {
  private readonly own: OwnEntries;
  private readonly running = new Set<Promise<unknown>>();
  private deadline = 0;
  private ended = false;

  private constructor(
    private readonly store: FileStore,
    watchers: FolderWatchers,
    readonly id: string,
    private readonly options: SessionOptions,
  ) {
    this.own = new OwnEntries(store, watchers);
  }

  /** Opens a session by writing its file. */
  static async open(
    store: FileStore,
    watchers: FolderWatchers,
    id: string,
    options: SessionOptions,
  ): Promise<FileSession> {
    const session = new FileSession(store, watchers, id, options);
    await session.writeSessionFile(store.time.now() + session.ttlMs);
    return session;
  }

  get ttl(): number {
    return this.options.ttl;
  }

  async renew(signal: AbortSignal): Promise<Renewal> {
    return await this.run(signal, async () => {
      const before = this.deadline;
      await this.assertAlive();
      await this.writeSessionFile(this.store.time.now() + this.ttlMs);
      // Other processes may have seen the old deadline pass before the new one was written.
      if (this.store.time.now() >= before) await this.writeSessionFile(0, { ended: true, late: true });
      await this.assertAlive();
      return { ttl: this.ttl, missing: await this.missing() };
    });
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    return await this.run(signal, async () => {
      await this.assertAlive();
      const { store, id } = this;
      const entryKey = entryKeyOf(record);
      const written = await commit({
        layout: store.layout,
        folder: store.folder(entryKey),
        record,
        session: id,
        guard: version,
        observe: (where) => store.observe(where),
        signal,
      });
      if (written.ok) this.own.written(entryKey, written.version);
      return written;
    });
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(entryKey);
    await this.run(signal, async () => {
      const stems = new Map([[stemOfEntryKey(entryKey), entryKey]]);
      const retained = await this.removeOwn(new Map([[this.store.folder(entryKey), stems]]), version);
      if (!retained) this.own.delete(entryKey);
    });
  }

  watch(signal: AbortSignal): AsyncIterable<readonly EntryChange[]> {
    return this.own.watch(signal, () => this.ended);
  }

  async end(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    if (this.ended) return;
    // A write or renewal in progress must not take effect after the end.
    this.ended = true;
    await Promise.allSettled(this.running);
    try {
      await this.removeEntries();
    } catch (error) {
      this.ended = false;
      throw asRegistryError(this.store.url, error);
    }
  }

  private get ttlMs(): number {
    return this.ttl * 1_000;
  }

  /** Marks the session as ended, which removes all its entries for all readers at once, then deletes the files. */
  private async removeEntries(): Promise<void> {
    await recheckRoot(this.store.layout);
    const path = this.store.layout.session(this.id);
    if ((await this.store.sessions.aliveUntil(this.id, true)) !== undefined)
      await this.writeSessionFile(0, { ended: true });
    await this.removeOwn(this.own.byFolder());
    await removeFile(path);
    this.own.clear();
  }

  /** Removes entries of this session. Returns whether one was retained because it has another version than `version`. */
  private async removeOwn(
    entries: ReadonlyMap<Folder, ReadonlyMap<string, EntryKey>>,
    version?: string,
  ): Promise<boolean> {
    let retained = false;
    for (const [folder, stems] of entries) {
      const [only] = stems.size === 1 ? stems.keys() : [];
      const names = await folder.names(only);
      const own = newestOf(names).filter(({ stem }) => stems.has(stem));
      await forEachLimited(own, MAX_CONCURRENT_FILES, async (name) => {
        const content = await folder.content(name);
        if (!content || !('entry' in content) || content.entry.session !== this.id) return;
        if (version === undefined || version === content.version)
          await removeVersions(this.store.layout, folder, name, names);
        else retained = true;
      });
    }
    return retained;
  }

  private async missing(): Promise<readonly EntryKey[]> {
    const missing: EntryKey[] = [];
    for (const [folder, entryKeys] of this.own.byFolder()) {
      for (const { stem } of await folder.names()) entryKeys.delete(stem);
      missing.push(...entryKeys.values());
    }
    return missing;
  }

  /** @throws SessionGoneError unless all other processes see this session alive */
  private async assertAlive(): Promise<void> {
    const late = this.ended || this.store.time.now() >= this.deadline;
    if (late || (await this.store.sessions.aliveUntil(this.id, true)) === undefined)
      throw new SessionGoneError(this.store.url, this.id);
  }

  /** Writes the session's file atomically. */
  private async writeSessionFile(
    deadline: number,
    end: Pick<SessionFile, 'ended' | 'late'> = {},
  ): Promise<void> {
    const { layout, time, clock } = this.store;
    const { name } = this.options;
    const file: SessionFile = {
      format: 1,
      id: this.id,
      ...(name === undefined ? {} : { name: name.slice(0, 200) }),
      pid: process.pid,
      ttl: this.ttl,
      ...(time.boot === undefined ? {} : { boot: time.boot }),
      deadline: Math.round(deadline),
      wall: Math.round(clock.wall() + (end.ended ? 0 : this.ttlMs)),
      ...end,
    };
    await replaceFile(layout, layout.session(this.id), JSON.stringify(file));
    this.deadline = file.deadline;
  }

  private async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortReason(signal);
    const working = recheckRoot(this.store.layout).then(work);
    this.running.add(working);
    try {
      return await working;
    } catch (error) {
      throw asRegistryError(this.store.url, error);
    } finally {
      this.running.delete(working);
    }
  }
}
