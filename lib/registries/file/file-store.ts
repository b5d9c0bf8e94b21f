import { type Clock } from '../../common/clock.js';
import { completeListing } from '../../registry/complete-listing.js';
import { type EntryKey, isReserved } from '../../registry/entry-record.js';
import {
  type RegistryEntry,
  type Listing,
  type MalformedEntry,
  type Scope,
} from '../../registry/registry.js';
import { type BootTime } from './boot-time.js';
import { type ObservedEntry } from './commit.js';
import { Folder, type FolderContent, type NewestVersion, type NewestVersions } from './folder.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { type Layout, stemOfEntryKey } from './layout.js';
import { FolderLossDetector } from './folder-loss-detector.js';
import { SessionLiveness, type SessionFate } from './session-liveness.js';

/** The entries of a folder whose sessions are alive, by stem. */
export interface FolderSnapshot {
  readonly entries: ReadonlyMap<string, RegistryEntry>;
  readonly malformed: ReadonlyMap<string, MalformedEntry>;
  /** Entry keys whose files exist and whose sessions have expired. Undefined if files were lost. */
  readonly expired: readonly EntryKey[] | undefined;
  /** When the first of their sessions expires, in milliseconds of this process's clock. */
  readonly until: number;
}

/** Reads the content of a registry's folder. */
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

  /** Returns the folder with the entries of `scope`. */
  folder(scope: Scope): Folder {
    const path = this.layout.folder(scope);
    let folder = this.folders.get(path);
    if (!folder) {
      folder = new Folder(this.url, path, contentOf(scope), this.clock);
      this.folders.set(path, folder);
    }
    return folder;
  }

  async list(scope: Scope): Promise<Listing> {
    const only = scope.kind === 'service' ? {} : { only: stemOfEntryKey(scope) };
    return listingOf(await this.snapshot(await this.folder(scope).read(only), true), scope);
  }

  /** Returns the current state of an entry key, as the basis of a write. */
  async observe(entryKey: EntryKey): Promise<ObservedEntry> {
    const stem = stemOfEntryKey(entryKey);
    const newest = await this.folder(entryKey).newest(stem);
    if (!newest) return { newest, current: undefined };
    const { entries } = await this.snapshot(new Map([[stem, newest]]), true);
    return { newest, current: entries.get(stem) };
  }

  /**
   * Selects the entries whose sessions are alive.
   *
   * @param fresh read the file of every session, not only of those whose deadline has passed
   */
  async snapshot(versions: NewestVersions, fresh: boolean): Promise<FolderSnapshot> {
    const fates = await this.fates(versions.values(), fresh);
    const expired: EntryKey[] = [];
    const entries = new Map<string, RegistryEntry>();
    const malformed = new Map<string, MalformedEntry>();
    let until = Infinity;
    for (const [stem, { entryKey, content }] of versions) {
      if (!('entry' in content)) {
        malformed.set(stem, { entryKey, reason: content.reason });
        continue;
      }
      const { record, session, created } = content.entry;
      const fate = session === undefined ? Infinity : (fates.get(session) ?? 'ended');
      if (fate === 'expired') expired.push(entryKey);
      // The session is not alive; a sweep will remove the file.
      if (typeof fate !== 'number') continue;
      until = Math.min(until, fate);
      const revision = isReserved(entryKey) ? { createRevision: String(created ?? 0) } : {};
      entries.set(stem, { record, version: content.version, owner: session, ...revision });
    }
    return { entries, malformed, expired: (await this.loss.isRecent()) ? undefined : expired, until };
  }

  /** Returns the state of each session that the versions name. */
  private async fates(
    versions: Iterable<NewestVersion>,
    fresh: boolean,
  ): Promise<ReadonlyMap<string, SessionFate>> {
    const sessions = new Set<string>();
    for (const { content } of versions)
      if ('entry' in content && content.entry.session !== undefined) sessions.add(content.entry.session);
    const fates = new Map<string, SessionFate>();
    await forEachLimited(sessions, MAX_CONCURRENT_FILES, async (session) => {
      fates.set(session, await this.sessions.fate(session, fresh));
    });
    return fates;
  }
}

function contentOf(scope: Scope): FolderContent {
  if (scope.kind !== 'key') return { service: scope.service };
  return scope.space === undefined ? {} : { space: scope.space };
}

/** Returns the part of a snapshot that belongs to `scope`, or all of it, as a listing. */
export function listingOf({ entries, malformed, expired }: FolderSnapshot, scope?: Scope): Listing {
  if (scope === undefined || scope.kind === 'service')
    return completeListing([...entries.values()], [...malformed.values()], expired);
  const stem = stemOfEntryKey(scope);
  const [entry, broken] = [entries.get(stem), malformed.get(stem)];
  return completeListing(entry ? [entry] : [], broken ? [{ ...broken, entryKey: scope }] : [], expired);
}
