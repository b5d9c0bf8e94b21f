import type { IEvent } from 'etcd3';
import { type EtcdCaller } from '../../etcd/request.js';
import { type Change, type Scope } from '../registry.js';
import { decodeItem } from './codec.js';
import { causesOf, type Departure } from './departures.js';
import { entryOf } from './entry.js';
import { type EtcdLayout } from './layout.js';

const NO_LEASE = '0';

/** What etcd's events mean in `scope`, in their order. */
export async function changesOf(
  client: EtcdCaller,
  layout: EtcdLayout,
  scope: Scope,
  events: readonly IEvent[],
  signal: AbortSignal,
): Promise<readonly Change[]> {
  const cause = await causesOf(client, layout, events.flatMap(departureOf), signal);
  return events.map((event): Change => {
    const slot = layout.slotOf(scope, event.kv.key);
    if (event.type === 'Delete') {
      const [departure] = departureOf(event);
      const unbound = prevLease(event) === NO_LEASE ? 'withdrawn' : 'unknown';
      return { kind: 'delete', slot, cause: departure ? cause(departure) : unbound };
    }
    const decoded = decodeItem(slot, event.kv.value);
    return 'item' in decoded
      ? { kind: 'put', entry: entryOf(decoded.item, event.kv) }
      : { kind: 'malformed', malformed: { slot, reason: decoded.reason } };
  });
}

function prevLease(event: IEvent): string | undefined {
  return (event.prev_kv as IEvent['prev_kv'] | null)?.lease;
}

function departureOf(event: IEvent): Departure[] {
  const lease = event.type === 'Delete' ? prevLease(event) : undefined;
  return lease === undefined || lease === NO_LEASE
    ? []
    : [{ lease, revision: BigInt(event.kv.mod_revision) }];
}
