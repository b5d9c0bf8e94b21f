import { type Clock } from '../../common/clock.js';
import { completeListing } from '../../registry/complete-listing.js';
import { type EntryKey } from '../../registry/entry-record.js';
import {
  type RegistryEntry,
  type Listing,
  type MalformedEntry,
  type Scope,
} from '../../registry/registry.js';
import { type BootTime } from './boot-time.js';
import { type ObservedEntry } from './commit.js';
import { Folder, type NewestVersion, type NewestVersions } from './folder.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { type Layout, stemOfEntryKey } from './layout.js';
import { FolderLossDetector } from './folder-loss-detector.js';
import { SessionLiveness, type SessionFate } from './session-liveness.js';

/** What is alive in a folder, by stem. */
export interface FolderSnapshot {
  readonly entries: ReadonlyMap<string, RegistryEntry>;
  readonly malformed: ReadonlyMap<string, MalformedEntry>;
  /** Entries whose files are still there and whose sessions have expired; undefined where files were lost. */
  readonly expired: readonly EntryKey[] | undefined;
  /** When, on this process's clock, the first of the sessions behind them is over. */
  readonly until: number;
}

/** What the folder of a registry holds, read afresh. */
export class FileStore {
  readonly sessions: SessionLiveness;
  private readonly loss: FolderLossDetector;
  private readonly folders = new Map<string, Folder>();

  constructor(
    readonly url: string,
    readonly layout: Layout,
    readonly clock: Clock,
    readonly time: BootTime,
  ) {
    this.sessions = new SessionLiveness(layout, clock, time);
    this.loss = new FolderLossDetector(layout.sessions, clock);
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
    const only = scope.kind === 'service' ? {} : { only: stemOfEntryKey(scope) };
    return listingOf(await this.snapshot(await this.folder(scope).read(only), true), scope);
  }

  /** What a writer goes by. */
  async observe(entryKey: EntryKey): Promise<ObservedEntry> {
    const stem = stemOfEntryKey(entryKey);
    const top = await this.folder(entryKey).newest(stem);
    if (!top) return { top, current: undefined };
    const { entries } = await this.snapshot(new Map([[stem, top]]), true);
    return { top, current: entries.get(stem) };
  }

  /**
   * Sorts what is alive from what is not.
   *
   * @param fresh look at the file of each session, not only at those whose deadline has passed
   */
  async snapshot(tops: NewestVersions, fresh: boolean): Promise<FolderSnapshot> {
    const fates = await this.fates(tops.values(), fresh);
    const expired: EntryKey[] = [];
    const entries = new Map<string, RegistryEntry>();
    const malformed = new Map<string, MalformedEntry>();
    let until = Infinity;
    for (const [stem, { entryKey, content }] of tops) {
      if (!('entry' in content)) {
        malformed.set(stem, { entryKey, reason: content.reason });
        continue;
      }
      const { record, session } = content.entry;
      const fate = session === undefined ? Infinity : (fates.get(session) ?? 'ended');
      if (fate === 'expired') expired.push(entryKey);
      // Its session is over: the file is only not swept away yet.
      if (typeof fate !== 'number') continue;
      until = Math.min(until, fate);
      entries.set(stem, { record, version: content.version, owner: session });
    }
    return { entries, malformed, expired: (await this.loss.isRecent()) ? undefined : expired, until };
  }

  /** What has become of each session behind `tops`. */
  private async fates(
    tops: Iterable<NewestVersion>,
    fresh: boolean,
  ): Promise<ReadonlyMap<string, SessionFate>> {
    const sessions = new Set<string>();
    for (const { content } of tops)
      if ('entry' in content && content.entry.session !== undefined) sessions.add(content.entry.session);
    const fates = new Map<string, SessionFate>();
    await forEachLimited(sessions, MAX_CONCURRENT_FILES, async (session) => {
      fates.set(session, await this.sessions.fate(session, fresh));
    });
    return fates;
  }
}

/** What a view says about `scope`, or all of it. */
export function listingOf({ entries, malformed, expired }: FolderSnapshot, scope?: Scope): Listing {
  if (scope === undefined || scope.kind === 'service')
    return completeListing([...entries.values()], [...malformed.values()], expired);
  const stem = stemOfEntryKey(scope);
  const [entry, broken] = [entries.get(stem), malformed.get(stem)];
  return completeListing(entry ? [entry] : [], broken ? [{ ...broken, entryKey: scope }] : [], expired);
}
