import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { type EtcdMember } from '../../harness/etcd-member.js';
import { TcpProxy } from '../../harness/proxy.js';

/** Of a client whose member does not answer: long enough for the members that do, on a busy machine too. */
export const SHORT_TIMEOUT_MS = 2_000;

/** Of all other clients: no answer is that late. */
const TIMEOUT_MS = 20_000;

/** An address at which no server listens. */
export const REFUSING = 'http://127.0.0.1:1';

interface ConnectOptions {
  readonly selectionMode?: 'random' | 'prioritize-leader';
  readonly headerTimeoutPerRequest?: number;
}

/** A cluster of three for one spec file, and the clients and proxies of each test. */
export class Connections {
  etcd!: EtcdCluster;
  /** Closed after the test. */
  readonly clients: EtcdClient[] = [];
  private readonly proxies: TcpProxy[] = [];

  /** Adds the hooks that start the cluster and that end what a test has opened. */
  static ofThisFile(): Connections {
    const connections = new Connections();
    beforeAll(async () => {
      connections.etcd = await startEtcd({ size: 3 });
      await connections.etcd.put('/foo', 'bar');
    });
    afterEach(async () => {
      await connections.end();
    });
    afterAll(async () => {
      await connections.etcd.stop();
    });
    return connections;
  }

  async connect(
    endpoints: string | readonly string[] = this.etcd.urls,
    more: ConnectOptions = {},
  ): Promise<EtcdClient> {
    const client = await EtcdClient.create({
      endpoints,
      headerTimeoutPerRequest: TIMEOUT_MS / 1_000,
      ...more,
    });
    this.clients.push(client);
    return client;
  }

  /** A client whose first request goes to `endpoint`. */
  async connectPinned(
    endpoint: string,
    endpoints: readonly string[] = this.etcd.urls,
    more: ConnectOptions = {},
  ): Promise<EtcdClient> {
    for (;;) {
      const client = await this.connect(endpoints, more);
      if (client.pinned === endpoint) return client;
    }
  }

  async proxyTo(member: EtcdMember): Promise<TcpProxy> {
    const proxy = await TcpProxy.to(member);
    this.proxies.push(proxy);
    return proxy;
  }

  private async end(): Promise<void> {
    await Promise.all(this.clients.splice(0).map(async (client) => client.close()));
    await Promise.all(this.proxies.splice(0).map(async (proxy) => proxy.stop()));
  }
}

/** The reason for which a request fails; undefined if it does not. */
export async function failure(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => undefined,
    (error: unknown) => error,
  );
}
