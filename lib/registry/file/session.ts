import { abortReason } from '../../kernel/deadline.js';
import { checkItem, checkScope } from '../check-item.js';
import { type Item, type Slot, slotId, slotOf } from '../item.js';
import { type Renewal, type Session, type SessionOptions, type Written } from '../registry.js';
import { SessionGoneError } from '../session-gone.error.js';
import { commit, removeVersions } from './commit.js';
import { type Folder, newestOf } from './folder.js';
import { asRegistryError } from './fs-error.js';
import { inBatches } from './in-batches.js';
import { stemOfSlot } from './layout.js';
import { type SessionFile } from './session-file.js';
import { recheckRoot } from './root.js';
import { type FileStore } from './store.js';
import { removeFile, replaceFile } from './write-file.js';

/** A session of the file registry: one small file whose deadline stands for all entries that name it. */
export class FileSession implements Session {
  private readonly held = new Map<string, Slot>();
  private readonly running = new Set<Promise<unknown>>();
  private deadline = 0;
  private over = false;

  private constructor(
    private readonly store: FileStore,
    readonly id: string,
    private readonly options: SessionOptions,
  ) {}

  /** Opens a session: from now on, its file is there. */
  static async open(store: FileStore, id: string, options: SessionOptions): Promise<FileSession> {
    const session = new FileSession(store, id, options);
    await session.put(store.time.now() + session.lifetime);
    return session;
  }

  get ttl(): number {
    return this.options.ttl;
  }

  async renew(signal: AbortSignal): Promise<Renewal> {
    return await this.run(signal, async () => {
      const before = this.deadline;
      await this.check();
      await this.put(this.store.time.now() + this.lifetime);
      // Others may have seen the old deadline pass before the new one was there.
      if (this.store.time.now() >= before) await this.put(0, { ended: true, late: true });
      await this.check();
      return { ttl: this.ttl, missing: await this.missing() };
    });
  }

  async write(item: Item, version: string | undefined, signal: AbortSignal): Promise<Written> {
    checkItem(item);
    return await this.run(signal, async () => {
      await this.check();
      const { store, id } = this;
      const slot = slotOf(item);
      const written = await commit({
        layout: store.layout,
        folder: store.folder(slot),
        item,
        session: id,
        guard: version,
        look: (where) => store.look(where),
        signal,
      });
      if (written.ok) this.held.set(slotId(slot), slot);
      return written;
    });
  }

  async remove(slot: Slot, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(slot);
    await this.run(signal, async () => {
      if (!(await this.removeOwn([slot], version))) this.held.delete(slotId(slot));
    });
  }

  async end(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    if (this.over) return;
    // No write or renewal under way may land after the end.
    this.over = true;
    await Promise.allSettled(this.running);
    try {
      await this.finish();
    } catch (error) {
      this.over = false;
      throw asRegistryError(this.store.url, error);
    }
  }

  private get lifetime(): number {
    return this.ttl * 1_000;
  }

  /** With the file saying so, everything is gone for everybody at once; then it is cleared away. */
  private async finish(): Promise<void> {
    await recheckRoot(this.store.layout);
    const path = this.store.layout.session(this.id);
    if ((await this.store.book.aliveUntil(this.id, true)) !== undefined) await this.put(0, { ended: true });
    await this.removeOwn(this.held.values());
    await removeFile(path);
    this.held.clear();
  }

  /** @returns whether an entry of this session was spared, since it has another version than `version` */
  private async removeOwn(slots: Iterable<Slot>, version?: string): Promise<boolean> {
    let spared = false;
    for (const [folder, stems] of this.byFolder(slots)) {
      const [only] = stems.size === 1 ? stems.keys() : [];
      const names = await folder.names(only);
      const own = newestOf(names).filter(({ stem }) => stems.has(stem));
      await inBatches(own, async (name) => {
        const content = await folder.content(name);
        if (!content || !('entry' in content) || content.entry.session !== this.id) return;
        if (version === undefined || version === content.version) await removeVersions(folder, name, names);
        else spared = true;
      });
    }
    return spared;
  }

  private async missing(): Promise<readonly Slot[]> {
    const missing: Slot[] = [];
    for (const [folder, slots] of this.byFolder(this.held.values())) {
      for (const { stem } of await folder.names()) slots.delete(stem);
      missing.push(...slots.values());
    }
    return missing;
  }

  private byFolder(slots: Iterable<Slot>): Map<Folder, Map<string, Slot>> {
    const folders = new Map<Folder, Map<string, Slot>>();
    for (const slot of slots) {
      const folder = this.store.folder(slot);
      const stems = folders.get(folder) ?? new Map<string, Slot>();
      folders.set(folder, stems.set(stemOfSlot(slot), slot));
    }
    return folders;
  }

  /** @throws SessionGoneError unless everybody else sees this session alive too */
  private async check(): Promise<void> {
    const late = this.over || this.store.time.now() >= this.deadline;
    if (late || (await this.store.book.aliveUntil(this.id, true)) === undefined)
      throw new SessionGoneError(this.store.url, this.id);
  }

  /** Writes the session's file: whole, or not at all. */
  private async put(deadline: number, end: Pick<SessionFile, 'ended' | 'late'> = {}): Promise<void> {
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
      wall: Math.round(clock.wall() + (end.ended ? 0 : this.lifetime)),
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
