import { type Clock } from '../../kernel/clock.js';
import { fullSet } from '../full-set.js';
import { type Slot } from '../item.js';
import { type Entry, type Listing, type Malformed, type Scope } from '../registry.js';
import { type BootTime } from './boot-time.js';
import { type Seen } from './commit.js';
import { Folder, type Top, type Tops } from './folder.js';
import { inBatches } from './in-batches.js';
import { type Layout, stemOfSlot } from './layout.js';
import { LossWatch } from './loss-watch.js';
import { SessionBook, type SessionFate } from './session-book.js';

/** What is alive in a folder, by stem. */
export interface View {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly malformed: ReadonlyMap<string, Malformed>;
  /** Entries whose files are still there and whose sessions have expired; undefined where files were lost. */
  readonly expired: readonly Slot[] | undefined;
  /** When, on this process's clock, the first of the sessions behind them is over. */
  readonly until: number;
}

/** What the folder of a registry holds, read afresh. */
export class FileStore {
  readonly book: SessionBook;
  private readonly loss: LossWatch;
  private readonly folders = new Map<string, Folder>();

  constructor(
    readonly url: string,
    readonly layout: Layout,
    readonly clock: Clock,
    readonly time: BootTime,
  ) {
    this.book = new SessionBook(layout, clock, time);
    this.loss = new LossWatch(layout.sessions, clock);
  }

  /** The folder with the entries of `scope`. */
  folder(scope: Scope): Folder {
    const path = this.layout.folder(scope);
    let folder = this.folders.get(path);
    if (!folder) {
      folder = new Folder(this.url, path, scope.kind === 'key' ? undefined : scope.service, this.clock);
      this.folders.set(path, folder);
    }
    return folder;
  }

  async list(scope: Scope): Promise<Listing> {
    const only = scope.kind === 'service' ? {} : { only: stemOfSlot(scope) };
    return listingOf(await this.view(await this.folder(scope).read(only), true), scope);
  }

  /** What a writer goes by. */
  async look(slot: Slot): Promise<Seen> {
    const stem = stemOfSlot(slot);
    const top = await this.folder(slot).top(stem);
    if (!top) return { top, current: undefined };
    const { entries } = await this.view(new Map([[stem, top]]), true);
    return { top, current: entries.get(stem) };
  }

  /**
   * Sorts what is alive from what is not.
   *
   * @param fresh look at the file of each session, not only at those whose deadline has passed
   */
  async view(tops: Tops, fresh: boolean): Promise<View> {
    const fates = await this.fates(tops.values(), fresh);
    const expired: Slot[] = [];
    const entries = new Map<string, Entry>();
    const malformed = new Map<string, Malformed>();
    let until = Infinity;
    for (const [stem, { slot, content }] of tops) {
      if (!('entry' in content)) {
        malformed.set(stem, { slot, reason: content.reason });
        continue;
      }
      const { item, session } = content.entry;
      const fate = session === undefined ? Infinity : (fates.get(session) ?? 'ended');
      if (fate === 'expired') expired.push(slot);
      // Its session is over: the file is only not swept away yet.
      if (typeof fate !== 'number') continue;
      until = Math.min(until, fate);
      entries.set(stem, { item, version: content.version, owner: session });
    }
    return { entries, malformed, expired: (await this.loss.isRecent()) ? undefined : expired, until };
  }

  /** What has become of each session behind `tops`. */
  private async fates(tops: Iterable<Top>, fresh: boolean): Promise<ReadonlyMap<string, SessionFate>> {
    const sessions = new Set<string>();
    for (const { content } of tops)
      if ('entry' in content && content.entry.session !== undefined) sessions.add(content.entry.session);
    const fates = new Map<string, SessionFate>();
    await inBatches(sessions, async (session) => {
      fates.set(session, await this.book.fate(session, fresh));
    });
    return fates;
  }
}

/** What a view says about `scope`, or all of it. */
export function listingOf({ entries, malformed, expired }: View, scope?: Scope): Listing {
  if (scope === undefined || scope.kind === 'service')
    return fullSet([...entries.values()], [...malformed.values()], expired);
  const stem = stemOfSlot(scope);
  const [entry, broken] = [entries.get(stem), malformed.get(stem)];
  return fullSet(entry ? [entry] : [], broken ? [{ ...broken, slot: scope }] : [], expired);
}
