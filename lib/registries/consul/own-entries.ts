import { pause } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { type Semaphore } from '../../common/async/semaphore.js';
import { linkSignals } from '../../common/async/abort.js';
import {
  type EntryKey,
  entryKeyId,
  entryKeyOf,
  type InstanceKey,
  isReserved,
} from '../../registry/entry-record.js';
import { Notifier } from '../../registry/notifier.js';
import { type EntryChange, type Listing, SIGN_OF_LIFE_MS } from '../../registry/registry.js';
import { type ConsulClient } from './client.js';
import { instancesView, type ScopeView, viewOf } from './scope-view.js';
import { watchScope } from './watch.js';

/** What the own entries of all sessions of a registry share. */
export interface OwnEntriesContext {
  readonly client: ConsulClient;
  readonly clock: Clock;
  /** Limits the blocking queries of all watches. */
  readonly blockingQueries: Semaphore;
}

/** An entry of a session. After {@link OwnEntries.delete} the same entry key has another one. */
export interface OwnEntry {
  readonly entryKey: EntryKey;
  /** Number of writes in progress. Until their end the watch cannot know which version is the session's own. */
  writing: number;
  /** What the watch has yielded last; undefined: nothing yet. */
  reported: { readonly version: string | undefined } | undefined;
}

interface GroupRequest {
  readonly view: ScopeView;
  /** The ids of the requested entries. A response shows nothing of entries that were added since. */
  readonly ids: readonly string[];
}

/** Own entries that share a blocking query: the instances of one service, or one key. */
interface Group {
  readonly id: string;
  readonly entries: Map<string, OwnEntry>;
  /** Number of writes in progress. */
  writes: number;
  /** How the entries are requested; undefined after a change of the entries. */
  request: GroupRequest | undefined;
  /** The versions that the watch has seen last, by entry; undefined before the first response. */
  seen: ReadonlyMap<string, string> | undefined;
  /** Ends the watch of the group; undefined without one. */
  watching: AbortController | undefined;
}

/** One run of the watch. */
interface Run {
  readonly notifier: Notifier;
  changes: EntryChange[];
  /** Whether Consul has responded since the last yield. */
  alive: boolean;
  error: Error | undefined;
}

/** Concurrent writes of one group from which on its watch is in no hurry: each of them ends the query. */
const MAX_WRITES = 4;
const BUSY_PAUSE_MS = 500;

/** The expiry of own entries is not reported, so that a data loss needs no detection. */
const NO_DATA_LOSS = Object.freeze({ observe: () => false });

/**
 * The entries that one session has written, and the watch on them: one blocking query for all instances of a service. Each
 * change of a service ends every query on it, so that a query for each instance would cost the agent the square of their
 * number. A key has a query of its own. The keys of elections and locks are watched by those.
 */
export class OwnEntries {
  private readonly groups = new Map<string, Group>();
  private run: Run | undefined;
  private closed = false;

  constructor(private readonly context: OwnEntriesContext) {}

  /** Adds an entry before it is written. The result is for {@link OwnEntries.written}. */
  writing(entryKey: EntryKey): OwnEntry | undefined {
    if (isReserved(entryKey) || this.closed) return undefined;
    const groupId = groupIdOf(entryKey);
    let group = this.groups.get(groupId);
    if (!group) {
      group = {
        id: groupId,
        entries: new Map(),
        writes: 0,
        request: undefined,
        seen: undefined,
        watching: undefined,
      };
      this.groups.set(groupId, group);
    }
    const id = entryKeyId(entryKey);
    let entry = group.entries.get(id);
    if (!entry) {
      entry = { entryKey, writing: 0, reported: undefined };
      group.entries.set(id, entry);
      group.request = undefined;
    }
    entry.writing += 1;
    group.writes += 1;
    this.start(group);
    return entry;
  }

  /**
   * A write has ended. Its version is yielded if the watch has seen it before.
   *
   * @param entry the result of {@link OwnEntries.writing}
   * @param version undefined: the write has failed, or has no answer
   */
  written(entry: OwnEntry | undefined, version: string | undefined): void {
    if (!entry) return;
    entry.writing -= 1;
    const group = this.groups.get(groupIdOf(entry.entryKey));
    const id = entryKeyId(entry.entryKey);
    if (group?.entries.get(id) !== entry) return;
    group.writes -= 1;
    if (version === undefined || group.seen?.get(id) !== version) return;
    this.report(group, [id]);
    this.run?.notifier.notify();
  }

  /** Removes an entry that the session does not own any more. */
  delete(entryKey: EntryKey): void {
    const group = this.groups.get(groupIdOf(entryKey));
    const id = entryKeyId(entryKey);
    const entry = group?.entries.get(id);
    if (!group || !entry) return;
    group.entries.delete(id);
    group.writes -= entry.writing;
    group.request = undefined;
    if (group.entries.size > 0) return;
    this.groups.delete(group.id);
    group.watching?.abort();
  }

  /** Forgets all entries, and ends the watch. */
  close(): void {
    this.closed = true;
    for (const group of this.groups.values()) group.watching?.abort();
    this.groups.clear();
    this.run?.notifier.notify();
  }

  /**
   * Yields the versions of the entries, at first of all, then of those that change.
   *
   * @throws the errors of {@link watchScope}
   */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly EntryChange[], void, void> {
    const linked = linkSignals(this.context.client.scope.signal, signal);
    const run: Run = { notifier: new Notifier(), changes: [], alive: false, error: undefined };
    this.stop();
    this.run = run;
    for (const group of this.groups.values()) {
      for (const entry of group.entries.values()) entry.reported = undefined;
      this.start(group);
    }
    try {
      while (!linked.signal.aborted && !this.closed && this.run === run) {
        const { changes, alive } = run;
        Object.assign(run, { changes: [], alive: false });
        if (changes.length > 0 || alive) yield changes;
        else if (run.error) throw run.error;
        else await run.notifier.wait(this.context.clock, SIGN_OF_LIFE_MS, linked.signal);
      }
    } finally {
      linked.release();
      if (this.run === run) this.stop();
    }
  }

  private stop(): void {
    this.run?.notifier.notify();
    this.run = undefined;
    for (const group of this.groups.values()) {
      group.watching?.abort();
      group.watching = undefined;
      group.seen = undefined;
    }
  }

  /** Starts the watch of a group, while the watch of the session runs. */
  private start(group: Group): void {
    const { run } = this;
    if (!run || group.watching) return;
    const watching = new AbortController();
    group.watching = watching;
    void this.follow(group, watching.signal).catch((error: unknown) => {
      if (watching.signal.aborted || this.run !== run) return;
      run.error ??= error as Error;
      run.notifier.notify();
    });
  }

  private async follow(group: Group, signal: AbortSignal): Promise<void> {
    let ids: readonly string[] = [];
    const batches = watchScope({
      ...this.context,
      dataLoss: NO_DATA_LOSS,
      view: () => {
        group.request ??= this.requestOf(group);
        ids = group.request.ids;
        return group.request.view;
      },
      cursor: '',
      signal,
    });
    for await (const batch of batches) {
      if (signal.aborted) return;
      if (batch.kind === 'listing') group.seen = versionsOf(batch.listing, group.seen);
      if (this.run) this.run.alive = true;
      this.report(group, ids);
      this.run?.notifier.notify();
      if (group.writes > MAX_WRITES) await pause(this.context.clock, BUSY_PAUSE_MS, signal);
    }
  }

  /** Yields what the watch has seen of these entries, unless it is what it has yielded last. */
  private report(group: Group, ids: Iterable<string>): void {
    const { run } = this;
    if (!run || !group.seen) return;
    for (const id of ids) {
      const entry = group.entries.get(id);
      if (!entry || entry.writing > 0) continue;
      const version = group.seen.get(id);
      if (entry.reported && entry.reported.version === version) continue;
      entry.reported = { version };
      run.changes.push({ entryKey: entry.entryKey, version });
    }
  }

  private requestOf({ id, entries }: Group): GroupRequest {
    const entryKeys = [...entries.values()].map(({ entryKey }) => entryKey);
    const [first] = entryKeys;
    const view =
      first?.kind === 'key'
        ? viewOf(first, this.context.client.settings)
        : instancesView(id, entryKeys as readonly InstanceKey[]);
    return { view, ids: [...entries.keys()] };
  }
}

/** Instances of one service have one group; a key has a group of its own. */
function groupIdOf(entryKey: EntryKey): string {
  return entryKey.kind === 'instance' ? entryKey.service : entryKeyId(entryKey);
}

/** The versions in a listing, by entry. A malformed entry keeps the version before, as with every reader. */
function versionsOf(
  { entries, malformed }: Listing,
  before: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const versions = new Map(entries.map(({ record, version }) => [entryKeyId(entryKeyOf(record)), version]));
  for (const { entryKey } of malformed) {
    const id = entryKeyId(entryKey);
    const version = before?.get(id);
    if (version !== undefined) versions.set(id, version);
  }
  return versions;
}
