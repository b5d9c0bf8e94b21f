import type { IEvent } from 'etcd3';
import { type Change, type Scope } from '../registry.js';
import { decodeItem } from './codec.js';
import { type Departures } from './departures.js';
import { entryOf } from './entry.js';
import { type EtcdLayout } from './layout.js';

const NO_LEASE = '0';

/** What etcd's events mean in `scope`, in their order. */
export async function changesOf(
  departures: Departures,
  layout: EtcdLayout,
  scope: Scope,
  events: readonly IEvent[],
): Promise<readonly Change[]> {
  return await Promise.all(events.map(async (event) => await changeOf(departures, layout, scope, event)));
}

async function changeOf(
  departures: Departures,
  layout: EtcdLayout,
  scope: Scope,
  event: IEvent,
): Promise<Change> {
  const slot = layout.slotOf(scope, event.kv.key);
  if (event.type === 'Delete') {
    const lease = (event.prev_kv as IEvent['prev_kv'] | null)?.lease;
    if (lease === undefined) return { kind: 'delete', slot, cause: 'unknown' };
    if (lease === NO_LEASE) return { kind: 'delete', slot, cause: 'withdrawn' };
    const cause = await departures.causeOf({ lease, revision: BigInt(event.kv.mod_revision) });
    return { kind: 'delete', slot, cause };
  }
  const decoded = decodeItem(slot, event.kv.value);
  return 'item' in decoded
    ? { kind: 'put', entry: entryOf(decoded.item, event.kv) }
    : { kind: 'malformed', malformed: { slot, reason: decoded.reason } };
}
