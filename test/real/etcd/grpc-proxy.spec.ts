import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { ListWatcher } from '../../../lib/registry/list-watcher.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdProxy, startEtcdProxy } from '../../harness/etcd-proxy.js';
import { sleep, until } from '../../harness/wait.js';

const { signal } = new AbortController();
const SERVICES = ['api', 'billing', 'stock'];

async function open(
  proxies: readonly EtcdProxy[],
  timeout: { headerTimeoutPerRequest?: number },
): Promise<Registry> {
  const endpoints = proxies.map(({ url }) => url);
  return await etcd({ endpoints, ...timeout }).open({
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
}

function instance(service: string, id: string, port = 80): EntryRecord {
  return { kind: 'instance', instance: completeInstance({ service, id, address: '10.0.0.9', port }) };
}

/** The list of a service, as `service/id` of each entry. */
class Mirror {
  list: readonly string[] = [];
  /** The number of warnings about a lost watch. */
  stale = 0;
  private readonly follower: ListWatcher;

  constructor(registry: Registry, service: string) {
    this.follower = new ListWatcher({
      registry,
      scope: { kind: 'service', service },
      clock: systemClock,
      random: Math.random,
      logger: { ...silentLogger, warn: () => (this.stale += 1) },
      onUpdate: ({ entries }) => {
        this.list = [...entries.values()].map(({ record }) =>
          record.kind === 'instance' ? `${record.instance.service}/${record.instance.id}` : record.key,
        );
      },
    });
    this.follower.start();
  }

  get age(): number {
    return systemClock.now() - (this.follower.state.lastHeard ?? 0);
  }

  async ready(): Promise<void> {
    await this.follower.ready;
  }

  async close(): Promise<void> {
    await this.follower.close();
  }
}

describe.each(['3.5', '3.4'] as const)('the etcd registry behind the gRPC proxy of etcd %s', (version) => {
  let cluster: EtcdCluster;
  let proxies: EtcdProxy[] = [];
  let registry: Registry;
  let mirrors: Mirror[] = [];

  beforeAll(async () => {
    cluster = await startEtcd({ version });
    proxies = [await startEtcdProxy(cluster, version), await startEtcdProxy(cluster, version)];
  });
  afterAll(async () => {
    await Promise.all(proxies.map(async (proxy) => await proxy.stop()));
    await cluster.stop();
  });
  afterEach(async () => {
    await Promise.all(mirrors.map(async (mirror) => await mirror.close()));
    await registry.close();
  });

  /** With a timeout for a busy machine, unless a proxy is to be left that does not answer. */
  async function follow(
    through: readonly EtcdProxy[],
    timeout: { headerTimeoutPerRequest?: number } = { headerTimeoutPerRequest: 20 },
  ): Promise<Mirror[]> {
    registry = await open(through, timeout);
    mirrors = SERVICES.map((service) => new Mirror(registry, service));
    await Promise.all(mirrors.map(async (mirror) => await mirror.ready()));
    return mirrors;
  }

  it('keeps the lists of several services apart, fresh, and without a word in the log of the proxy', async () => {
    const [api, billing, stock] = await follow(proxies.slice(0, 1));
    for (let i = 0; i < 5; i += 1) {
      await cluster.put(`/nestjs-sidekick/billing/b${i}`, `{"Op":0,"Addr":"10.0.0.9:${i + 1}"}`);
    }
    await until('billing to have five', () => billing!.list.length === 5);
    await cluster.put('/nestjs-sidekick/stock/s', '{"Op":0,"Addr":"10.0.0.9:1"}');
    await until('stock to have one', () => stock!.list.length === 1);
    // Longer than any server may be silent, and than two reads.
    await sleep(11_000);
    expect(api!.list).toEqual([]);
    expect(billing!.list).toEqual(['b0', 'b1', 'b2', 'b3', 'b4'].map((id) => `billing/${id}`));
    expect(stock!.list).toEqual(['stock/s']);
    for (const mirror of mirrors) {
      expect(mirror.stale).toBe(0);
      expect(mirror.age).toBeLessThan(10_000);
    }
    expect(proxies[0]!.log()).not.toContain('not supported request');
    await cluster.etcdctl(['del', '--prefix', '/nestjs-sidekick/']);
    await until('all to be empty again', () => mirrors.every(({ list }) => list.length === 0));
  });

  it('registers, renews and withdraws through it', async () => {
    const [api] = await follow(proxies.slice(0, 1));
    const session = await registry.openSession({ ttl: 5 }, signal);
    await session.write(instance('api', 'own'), undefined, signal);
    await until('it to be listed', () => api!.list.includes('api/own'));
    for (let i = 0; i < 9; i += 1) {
      await sleep(700);
      // The proxy renews leases at a pace of its own, and answers with its next renewal.
      await session.renew(signal, true);
    }
    expect(api!.list).toEqual(['api/own']);
    await session.end(signal);
    await until('it to be gone', () => api!.list.length === 0);
  });

  it('leaves a proxy that hangs, and misses nothing', async () => {
    const [, billing] = await follow(proxies, {});
    const session = await registry.openSession({ ttl: 300 }, signal);
    await session.write(instance('billing', 'one'), undefined, signal);
    await until('it to be listed', () => billing!.list.includes('billing/one'));
    for (const proxy of proxies) {
      await proxy.pause();
      await cluster.put(
        `/nestjs-sidekick/billing/${proxy.endpoint.replace(':', '-')}`,
        '{"Addr":"10.0.0.9:1"}',
      );
      const count = proxies.indexOf(proxy) + 2;
      await until('the next to be listed', () => billing!.list.length === count);
      proxy.resume();
    }
    await session.end(signal);
    await cluster.etcdctl(['del', '--prefix', '/nestjs-sidekick/']);
    await until('all to be empty again', () => mirrors.every(({ list }) => list.length === 0));
  });
});
