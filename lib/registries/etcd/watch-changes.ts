import type { IEvent, IKeyValue } from 'etcd3';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { type Change, type Scope } from '../../registry/registry.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { decodeEntry, NO_LEASE } from './decode-entry.js';
import { DeletionCauses } from './deletion-causes.js';
import { History } from './history.js';
import { type EtcdLayout, type Sibling } from './etcd-layout.js';

/** Converts etcd's events to changes of entries. All watches of a registry share one instance. */
export class WatchChanges {
  private readonly causes: DeletionCauses;
  private readonly siblings: History;

  constructor(
    client: EtcdCaller,
    private readonly layout: EtcdLayout,
  ) {
    this.causes = new DeletionCauses(client, layout);
    this.siblings = new History(client, 'reading the other key of an id', 1);
  }

  /**
   * Converts the events of `scope`, in their order, if none of them needs a request. Returns undefined otherwise.
   *
   * @param causes whether the causes of deletions are used; they are `unknown` otherwise
   */
  atOnce(scope: Scope, events: readonly IEvent[], causes = true): readonly Change[] | undefined {
    const changes: Change[] = [];
    for (const event of events) {
      const read = this.read(scope, event, causes);
      if (!read.change) return undefined;
      changes.push(read.change);
    }
    return changes;
  }

  /**
   * Converts the events of `scope`, in their order.
   *
   * @param causes whether to look up the causes of deletions, which takes a request; they are `unknown` otherwise
   * @throws as {@link EtcdCaller.call} if two keys may have the same id and the other one cannot be read
   */
  async of(scope: Scope, events: readonly IEvent[], causes = true): Promise<readonly Change[]> {
    return await Promise.all(events.map(async (event) => await this.changeOf(scope, event, causes)));
  }

  private async changeOf(scope: Scope, event: IEvent, causes: boolean): Promise<Change> {
    const { change, entryKey, own, sibling } = this.read(scope, event, causes);
    if (change) return change;
    const revision = BigInt(event.kv.mod_revision);
    const [other] = sibling ? await this.siblings.read([{ key: sibling.key, revision }]) : [];
    return (
      (other && currentChange(entryKey, other)) ??
      own ??
      knownDeletion(entryKey, event, causes) ?? {
        kind: 'delete',
        entryKey,
        cause: await this.causes.causeOf({ lease: leaseBefore(event) ?? NO_LEASE, revision }),
      }
    );
  }

  /** What an event shows by itself. `change` is undefined if it is not enough. */
  private read(scope: Scope, event: IEvent, causes: boolean): EventContent {
    const { kv } = event;
    const entryKey = this.layout.entryKeyOf(scope, kv.key);
    const own = event.type === 'Delete' ? undefined : currentChange(entryKey, kv);
    const sibling = this.layout.siblingOf(scope, kv.key);
    // The encoded key wins while it exists, so its changes do not depend on the other key.
    if (own && sibling?.encoded !== true) return { entryKey, own, sibling, change: own };
    const change = sibling ? undefined : knownDeletion(entryKey, event, causes);
    return { entryKey, own, sibling, change };
  }
}

interface EventContent {
  readonly entryKey: EntryKey;
  /** The value of the key itself; undefined if it is deleted. */
  readonly own: Change | undefined;
  readonly sibling: Sibling | undefined;
  readonly change: Change | undefined;
}

/** The deletion of an entry, if its cause needs no request. */
function knownDeletion(entryKey: EntryKey, event: IEvent, causes: boolean): Change | undefined {
  // The writer declared the entry deleted without deleting its key.
  if (event.type !== 'Delete') return { kind: 'delete', entryKey, cause: 'withdrawn' };
  const lease = leaseBefore(event);
  if (lease === undefined || !causes) return { kind: 'delete', entryKey, cause: 'unknown' };
  return lease === NO_LEASE ? { kind: 'delete', entryKey, cause: 'withdrawn' } : undefined;
}

/** The lease of a deleted key; undefined if the watch does not report it. */
function leaseBefore(event: IEvent): string | undefined {
  return (event.prev_kv as IEvent['prev_kv'] | null)?.lease;
}

/** The change to the current value of a key; undefined if its writer declared the entry deleted. */
function currentChange(entryKey: EntryKey, kv: IKeyValue): Change | undefined {
  const decoded = decodeEntry(entryKey, kv);
  if ('deleted' in decoded) return undefined;
  return 'entry' in decoded
    ? { kind: 'put', entry: decoded.entry }
    : { kind: 'malformed', malformed: { entryKey, reason: decoded.reason } };
}
