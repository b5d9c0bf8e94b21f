import type { ITxnRequest } from 'etcd3';
import { RegistryUnavailableError } from '../../common/errors/index.js';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EndpointError } from '../../etcd-client/errors/endpoint.error.js';
import { ClusterError, EtcdResponseError } from '../../etcd-client/errors/index.js';
import { type EtcdLeases, type RenewOptions } from '../../etcd-client/leases.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
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

  it('leaves nothing behind in its connection when its end fails, and when a write finds it gone', async () => {
    const forgotten: string[] = [];
    const leases = {
      revoke: () => Promise.reject(new ClusterError([new EndpointError('http://a:1', 'silent', false)])),
      forget: (id: string) => void forgotten.push(id),
    } as unknown as EtcdLeases;
    const gone = new EtcdResponseError('http://a:1', 'etcdserver: requested lease not found', 5);
    const { client } = storeWithRecordAt('8');
    const write = { ...client, call: () => Promise.reject(gone) };
    const keys = { sessions: new Set() } as unknown as OwnKeysContext;
    const { signal } = new AbortController();
    const open = (id: string, caller: EtcdCaller): EtcdSession => {
      const record = new SessionRecord(client, Buffer.from(`/.sessions/${id}`), id, 'test');
      const layout = new EtcdLayout('/s');
      const context = { url: 'etcd://x', client: caller, leases, layout, keys, clock: new VirtualClock() };
      return new EtcdSession(context, { id, ttl: 10 }, record);
    };
    const [unreachable, revoked] = [open('1', client), open('2', write)];
    expect(keys.sessions.size).toBe(2);
    await expect(unreachable.end(signal)).rejects.toBeInstanceOf(RegistryUnavailableError);
    await expect(
      revoked.write({ kind: 'key', key: 'k', value: 'v' }, undefined, signal),
    ).rejects.toBeInstanceOf(SessionGoneError);
    expect(keys.sessions.size).toBe(0);
    expect(forgotten).toEqual(['1', '2']);
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
