import type { IEvent, IKeyValue } from 'etcd3';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { type Change, type Scope } from '../../registry/registry.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { decodeRecord } from './codec.js';
import { Departures } from './departures.js';
import { entryOf } from './entry.js';
import { History } from './history.js';
import { type EtcdLayout } from './layout.js';

const NO_LEASE = '0';

/** Reads etcd's events as changes. One serves all watches of a registry. */
export class WatchChanges {
  private readonly departures: Departures;
  private readonly siblings: History;

  constructor(
    client: EtcdCaller,
    private readonly layout: EtcdLayout,
  ) {
    this.departures = new Departures(client, layout);
    this.siblings = new History(client, 'reading the other key of an id', 1);
  }

  /**
   * What etcd's events mean in `scope`, in their order.
   *
   * @throws as {@link EtcdCaller.call} where two keys may carry one id and the other cannot be read
   */
  async of(scope: Scope, events: readonly IEvent[]): Promise<readonly Change[]> {
    return await Promise.all(events.map(async (event) => await this.changeOf(scope, event)));
  }

  private async changeOf(scope: Scope, event: IEvent): Promise<Change> {
    const { kv } = event;
    const revision = BigInt(kv.mod_revision);
    const entryKey = this.layout.entryKeyOf(scope, kv.key);
    const own = event.type === 'Delete' ? undefined : standing(entryKey, kv);
    const sibling = this.layout.siblingOf(scope, kv.key);
    // The encoded key decides while it is there, so a change of it needs no look at the other.
    if (own && sibling?.encoded !== true) return own;
    const [other] = sibling ? await this.siblings.read([{ key: sibling.key, revision }]) : [];
    return (other && standing(entryKey, other)) ?? own ?? (await this.departureOf(entryKey, event));
  }

  private async departureOf(entryKey: EntryKey, event: IEvent): Promise<Change> {
    // A value that declares the entry deleted is a removal by its writer.
    if (event.type !== 'Delete') return { kind: 'delete', entryKey, cause: 'withdrawn' };
    const lease = (event.prev_kv as IEvent['prev_kv'] | null)?.lease;
    if (lease === undefined) return { kind: 'delete', entryKey, cause: 'unknown' };
    if (lease === NO_LEASE) return { kind: 'delete', entryKey, cause: 'withdrawn' };
    const cause = await this.departures.causeOf({ lease, revision: BigInt(event.kv.mod_revision) });
    return { kind: 'delete', entryKey, cause };
  }
}

/** What a key that is there stands for; undefined where its writer declares the entry deleted. */
function standing(entryKey: EntryKey, kv: IKeyValue): Change | undefined {
  const decoded = decodeRecord(entryKey, kv.value);
  if ('deleted' in decoded) return undefined;
  return 'record' in decoded
    ? { kind: 'put', entry: entryOf(decoded.record, kv) }
    : { kind: 'malformed', malformed: { entryKey, reason: decoded.reason } };
}
