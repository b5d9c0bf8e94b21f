import { RegistryUnavailableError } from '../../common/errors/index.js';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EtcdTransport } from '../../etcd-client/transport.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { EtcdLayout } from './etcd-layout.js';
import { EtcdRegistry } from './etcd-registry.js';
import { type OwnKeysContext } from './own-keys.js';

const { signal } = new AbortController();
const header = { revision: '7', cluster_id: '1' };

/** A registry whose raw clients are these. */
async function open(clients: object): Promise<EtcdRegistry> {
  const connect = (endpoint: string): EtcdConnection =>
    ({ endpoint, close: () => undefined, ...clients }) as unknown as EtcdConnection;
  const client = await EtcdTransport.create({ endpoints: 'a:1' }, { clock: new VirtualClock(), connect });
  return new EtcdRegistry('etcd://a:1', client, new EtcdLayout('/s'));
}

describe('EtcdRegistry', () => {
  it('revokes the lease of a session that it could not open', async () => {
    const revoked: string[] = [];
    const lease = {
      leaseGrant: () => Promise.resolve({ ID: '5', TTL: '86400' }),
      leaseRevoke: ({ ID }: { ID: string }) => Promise.resolve(void revoked.push(ID)),
    };
    const put = () => Promise.reject(new Error('14 UNAVAILABLE: Connection dropped'));
    const registry = await open({ lease, kv: { put } });
    await expect(registry.openSession({ ttl: 86_400 }, signal)).rejects.toBeInstanceOf(
      RegistryUnavailableError,
    );
    await new Promise(setImmediate);
    expect(revoked).toEqual(['5']);
    await registry.close();
  });

  it('does not keep detached sessions, of which each run of a lock may open one', async () => {
    let leases = 0;
    const lease = {
      leaseGrant: ({ TTL }: { TTL: number }) =>
        Promise.resolve({ ID: String((leases += 1)), TTL: String(TTL) }),
    };
    const kv = {
      put: () => Promise.resolve({ header }),
      txn: () => Promise.resolve({ succeeded: true, header, responses: [] }),
    };
    const registry = await open({ lease, kv });
    const { sessions } = (registry as unknown as { readonly ownKeys: OwnKeysContext }).ownKeys;
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
