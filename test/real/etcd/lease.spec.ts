import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { ClusterError, LeaseNotFoundError } from '../../../lib/etcd-client/errors/index.js';
import { leaseHexId } from '../../../lib/etcd-client/hex-id.js';
import { EtcdLeases, type GrantedLease } from '../../../lib/etcd-client/leases.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { sleep, until } from '../../harness/wait.js';

/** Seconds, for many requests at a time on a busy machine. A test of members that do not answer gives its own. */
const TIMEOUT = 20;

describe('etcd leases and a cluster of three', () => {
  let etcd: EtcdCluster;
  let transport: EtcdTransport;
  let leases: EtcdLeases;

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
  });
  afterAll(async () => {
    await etcd.stop();
  });
  beforeEach(async () => {
    transport = await EtcdTransport.create({ endpoints: etcd.urls, headerTimeoutPerRequest: TIMEOUT });
    leases = new EtcdLeases(transport);
  });
  afterEach(() => {
    transport.close();
  });

  async function pinTo(member: EtcdMember): Promise<void> {
    while (transport.pinned !== member.url) {
      transport.close();
      transport = await EtcdTransport.create({ endpoints: etcd.urls, headerTimeoutPerRequest: TIMEOUT });
      leases = new EtcdLeases(transport);
    }
  }

  it('grants, renews and revokes', async () => {
    const lease = await leases.grant(30);
    expect(lease.ttl).toBe(30);
    expect(await etcd.leases()).toContain(leaseHexId(lease.id));
    expect(await leases.renew(lease.id)).toBe(30);
    await leases.revoke(lease.id);
    await leases.revoke(lease.id);
    expect(await etcd.leases()).not.toContain(leaseHexId(lease.id));
    await expect(leases.renew(lease.id)).rejects.toThrow(LeaseNotFoundError);
  });

  it('renews a thousand, and one that is gone never halts the others', async () => {
    const granted: GrantedLease[] = [];
    while (granted.length < 1_000) {
      granted.push(...(await Promise.all(Array.from({ length: 50 }, async () => await leases.grant(60)))));
    }
    await leases.revoke(granted[500]!.id);
    const renewed = await Promise.allSettled(
      granted.map(async ({ id }) => await leases.renew(id, { timeoutMs: 60_000 })),
    );
    expect(renewed.filter(({ status }) => status === 'fulfilled')).toHaveLength(999);
    expect(renewed[500]).toMatchObject({ reason: expect.any(LeaseNotFoundError) as unknown });
    while (granted.length > 0) {
      await Promise.all(granted.splice(-50).map(async ({ id }) => await leases.revoke(id)));
    }
  });

  it('leaves a stopped member within the attempt’s time', async () => {
    const follower = await etcd.follower();
    await pinTo(follower);
    const { id } = await leases.grant(10);
    await leases.renew(id);
    await follower.pause();
    try {
      expect(await leases.renew(id, { timeoutMs: 2_000 })).toBe(10);
      expect(transport.pinned).not.toBe(follower.url);
    } finally {
      follower.resume();
    }
    await etcd.whenHealthy();
  });

  it('keeps a key through kills of every member in turn', async () => {
    const { id, ttl } = await leases.grant(8);
    await etcd.etcdctl(['put', `--lease=${leaseHexId(id)}`, '/kept', 'here']);
    const stop = new AbortController();
    const beating = (async () => {
      while (!stop.signal.aborted) {
        await leases.renew(id, { timeoutMs: 2_000 }).catch((error: unknown) => {
          if (!(error instanceof ClusterError)) throw error;
        });
        await sleep((ttl * 1_000) / 8);
      }
    })();
    try {
      for (const member of etcd.members) {
        await member.kill();
        await sleep(2_000);
        await member.restart();
      }
    } finally {
      stop.abort();
    }
    await beating;
    expect(await etcd.get('/kept')).toBe('here');
    await leases.revoke(id);
    expect(await etcd.get('/kept')).toBeUndefined();
  });

  it('reports every endpoint’s error when all are down, and renews when they are back', async () => {
    const { id } = await leases.grant(20);
    await Promise.all(etcd.members.map(async (member) => await member.kill()));
    const error: unknown = await leases.renew(id, { timeoutMs: 300 }).catch((e: unknown) => e);
    expect((error as ClusterError).errors).toHaveLength(3);
    await Promise.all(etcd.members.map(async (member) => await member.restart()));
    await until('a renewal', async () => (await leases.renew(id).catch(() => 0)) === 20);
  });
});
