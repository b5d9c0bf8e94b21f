import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EtcdTransport } from '../../etcd-client/transport.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { EtcdLayout } from './etcd-layout.js';
import { EtcdRegistry } from './etcd-registry.js';
import { type OwnKeysContext } from './own-keys.js';

describe('EtcdRegistry', () => {
  it('does not keep detached sessions, of which each run of a lock may open one', async () => {
    const header = { revision: '7', cluster_id: '1' };
    let leases = 0;
    const lease = {
      leaseGrant: ({ TTL }: { TTL: number }) =>
        Promise.resolve({ ID: String((leases += 1)), TTL: String(TTL) }),
    };
    const kv = {
      put: () => Promise.resolve({ header }),
      txn: () => Promise.resolve({ succeeded: true, header, responses: [] }),
    };
    const connect = (endpoint: string): EtcdConnection =>
      ({ endpoint, lease, kv, close: () => undefined }) as unknown as EtcdConnection;
    const client = await EtcdTransport.create({ endpoints: 'a:1' }, { clock: new VirtualClock(), connect });
    const registry = new EtcdRegistry('etcd://a:1', client, new EtcdLayout('/s'));
    const { sessions } = (registry as unknown as { readonly ownKeys: OwnKeysContext }).ownKeys;
    const { signal } = new AbortController();
    await registry.openSession({ ttl: 10 }, signal);
    for (let run = 0; run < 3; run++) {
      const session = await registry.openSession({ ttl: 10, detached: true }, signal);
      const record = { kind: 'key', space: 'locks', key: 'job', value: 'held' } as const;
      expect(await session.write(record, String(run), signal)).toMatchObject({ ok: true });
    }
    expect(sessions.size).toBe(1);
    await registry.close();
  });
});
