import type { IEvent, IKeyValue } from 'etcd3';
import { type EtcdCaller } from '../../etcd/request.js';
import { type Change, type Scope } from '../registry.js';
import { type Slot } from '../item.js';
import { decodeItem } from './codec.js';
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
    const slot = this.layout.slotOf(scope, kv.key);
    const own = event.type === 'Delete' ? undefined : standing(slot, kv);
    const sibling = this.layout.siblingOf(scope, kv.key);
    // The encoded key decides while it is there, so a change of it needs no look at the other.
    if (own && sibling?.encoded !== true) return own;
    const [other] = sibling ? await this.siblings.read([{ key: sibling.key, revision }]) : [];
    return (other && standing(slot, other)) ?? own ?? (await this.departureOf(slot, event));
  }

  private async departureOf(slot: Slot, event: IEvent): Promise<Change> {
    // A value that declares the entry deleted is a removal by its writer.
    if (event.type !== 'Delete') return { kind: 'delete', slot, cause: 'withdrawn' };
    const lease = (event.prev_kv as IEvent['prev_kv'] | null)?.lease;
    if (lease === undefined) return { kind: 'delete', slot, cause: 'unknown' };
    if (lease === NO_LEASE) return { kind: 'delete', slot, cause: 'withdrawn' };
    const cause = await this.departures.causeOf({ lease, revision: BigInt(event.kv.mod_revision) });
    return { kind: 'delete', slot, cause };
  }
}

/** What a key that is there stands for; undefined where its writer declares the entry deleted. */
function standing(slot: Slot, kv: IKeyValue): Change | undefined {
  const decoded = decodeItem(slot, kv.value);
  if ('deleted' in decoded) return undefined;
  return 'item' in decoded
    ? { kind: 'put', entry: entryOf(decoded.item, kv) }
    : { kind: 'malformed', malformed: { slot, reason: decoded.reason } };
}
