import type { IResponseOp } from 'etcd3';
import { type EtcdCaller } from '../../etcd/request.js';
import { type Change } from '../registry.js';
import { type EtcdLayout } from './layout.js';
import { saysEnded } from './session-record.js';

/** Why something went. */
export type Cause = Extract<Change, { kind: 'delete' }>['cause'];

/** A key that went at a revision, and the lease it was bound to. */
export interface Departure {
  readonly lease: string;
  readonly revision: bigint;
}

/** Departures looked up in one request: two reads each, of the 128 that etcd allows. */
const AT_ONCE = 60;

function label({ lease, revision }: Departure): string {
  return `${lease}@${revision}`;
}

/**
 * Tells what was removed from what died, by the record of the session that held it: where it stood when the key went,
 * the key was removed; where it went with the key, its last value says whether the session ended or expired. History
 * alone decides, so every watcher comes to the same answer whenever it looks.
 */
export async function causesOf(
  client: EtcdCaller,
  layout: EtcdLayout,
  departures: readonly Departure[],
  signal: AbortSignal,
): Promise<(departure: Departure) => Cause> {
  const distinct = [...new Map(departures.map((one) => [label(one), one])).values()];
  const causes = new Map<string, Cause>();
  for (let from = 0; from < distinct.length; from += AT_ONCE) {
    const some = distinct.slice(from, from + AT_ONCE);
    const found = await lookUp(client, layout, some, signal).catch(() => []);
    for (const [index, one] of some.entries()) causes.set(label(one), found[index] ?? 'unknown');
  }
  return (departure) => causes.get(label(departure)) ?? 'unknown';
}

async function lookUp(
  client: EtcdCaller,
  layout: EtcdLayout,
  departures: readonly Departure[],
  signal: AbortSignal,
): Promise<readonly Cause[]> {
  const reads = departures.flatMap(({ lease, revision }) => {
    const key = Buffer.from(layout.recordOf(lease));
    return [revision, revision - 1n].map((at) => ({ request_range: { key, revision: String(at) } }));
  });
  const { responses } = await client.call(
    {
      what: 'reading how sessions ended',
      run: async ({ kv }, options) => await kv.txn({ success: reads }, options),
    },
    signal,
  );
  return departures.map((_, index) => causeOf(responses[2 * index], responses[2 * index + 1]));
}

function causeOf(after: IResponseOp | undefined, before: IResponseOp | undefined): Cause {
  if (after?.response_range.kvs[0]) return 'withdrawn';
  const record = before?.response_range.kvs[0];
  if (!record) return 'unknown';
  return saysEnded(record.value) ? 'withdrawn' : 'expired';
}
