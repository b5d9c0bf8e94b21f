import type { ITxnRequest } from 'etcd3';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { type EtcdLeases, type RenewOptions } from '../../etcd-client/leases.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { EtcdLayout } from './etcd-layout.js';
import { EtcdSession } from './etcd-session.js';
import { type OwnKeysContext } from './own-keys.js';
import { SessionRecord } from './session-record.js';

/** A store that contains only the record of a session, at one revision. */
function storeWithRecordAt(revision: string): { readonly client: EtcdCaller; readonly txns: ITxnRequest[] } {
  const txns: ITxnRequest[] = [];
  const header = { revision: '9', cluster_id: '1' };
  const kv = {
    put: () => Promise.resolve({ header: { revision: '8' } }),
    txn: (request: ITxnRequest) => {
      txns.push(request);
      const guard = request.compare?.at(-1);
      if (guard?.mod_revision === revision)
        return Promise.resolve({ succeeded: true, header, responses: [] });
      const ranges = [{ kvs: [] }, { kvs: [{ mod_revision: revision }] }];
      const responses = ranges.map((response_range) => ({ response_range }));
      return Promise.resolve({ succeeded: false, header, responses });
    },
  };
  const call = async <T>(request: EtcdRequest<T>): Promise<T> =>
    await request.run({ kv } as unknown as EtcdConnection, {}, new AbortController().signal);
  return { client: { timeoutMs: 1_000, call, callOne: async (_, request) => await call(request) }, txns };
}

const NO_KEYS = { sessions: new Set() } as unknown as OwnKeysContext;

describe('EtcdSession', () => {
  it('writes after a restore of the store to a state in which its record is older than its fence', async () => {
    const { client, txns } = storeWithRecordAt('5');
    const record = new SessionRecord(client, Buffer.from('/.sessions/1'), '1', 'test');
    await record.open(new AbortController().signal);
    expect(record.revision).toBe('8');
    const context = {
      url: 'etcd://x',
      client,
      leases: {} as EtcdLeases,
      layout: new EtcdLayout('/s'),
      keys: NO_KEYS,
      clock: new VirtualClock(),
    };
    const session = new EtcdSession(context, { id: '1', ttl: 10 }, record);
    const item = { kind: 'key', key: 'k', value: 'v' } as const;
    const written = await session.write(item, undefined, new AbortController().signal);
    expect(written).toMatchObject({ ok: true, version: '9' });
    expect(txns).toHaveLength(2);
  });

  it('leaves a silent member early while entries can expire, and waits longer in a patient renewal', async () => {
    const { client } = storeWithRecordAt('5');
    const timeouts: unknown[] = [];
    const leases = {
      renew: async (_: string, { timeoutMs }: RenewOptions) => {
        timeouts.push(timeoutMs);
        return await Promise.resolve(6);
      },
    } as unknown as EtcdLeases;
    const { signal } = new AbortController();
    const record = new SessionRecord(client, Buffer.from('/.sessions/1'), '1', 'test');
    const context = {
      url: 'etcd://x',
      client,
      leases,
      layout: new EtcdLayout('/s'),
      keys: NO_KEYS,
      clock: new VirtualClock(),
    };
    const session = new EtcdSession(context, { id: '1', ttl: 6 }, record);
    await session.renew(signal);
    await session.renew(signal, true);
    expect(timeouts).toEqual([500, client.timeoutMs]);
  });

  it('waits for a member three measured round trips, or the configured timeout, up to a third of the TTL', async () => {
    const { client } = storeWithRecordAt('5');
    const clock = new VirtualClock();
    let tookMs = 0;
    let timeouts: unknown[] = [];
    const leases = {
      renew: async (_: string, { timeoutMs }: RenewOptions) => {
        timeouts.push(timeoutMs);
        await clock.advance(tookMs);
        return 9;
      },
    } as unknown as EtcdLeases;
    const { signal } = new AbortController();
    const record = new SessionRecord(client, Buffer.from('/.sessions/1'), '1', 'test');
    const context = { url: 'etcd://x', client, leases, layout: new EtcdLayout('/s'), keys: NO_KEYS, clock };
    const session = new EtcdSession(context, { id: '1', ttl: 9 }, record, 600);
    for (tookMs of [600, 5_000, 200, 200]) await session.renew(signal);
    // The renewal of 5,000 ms exceeds the timeout of one member, so it is no sample.
    expect(timeouts).toEqual([1_800, 1_800, 1_800, 1_500]);
    timeouts = [];
    tookMs = 0;
    for (const timeoutMs of [2_000, 60_000])
      await new EtcdSession({ ...context, timeoutMs }, { id: '1', ttl: 9 }, record).renew(signal);
    expect(timeouts).toEqual([2_000, 3_000]);
  });
});
