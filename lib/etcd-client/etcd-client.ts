import { attempt } from '../common/async/deadline.js';
import { AuthApi } from './auth.js';
import { EtcdTransport, type EtcdDeps } from './transport.js';
import { KeysApi } from './keys/keys-api.js';
import { checkCall } from './keys/check-options.js';
import { type CallOptions } from './keys/options.js';
import { TransportPort } from './keys/transport-port.js';
import { MembersApi } from './members.js';
import { type EtcdOptions } from './options.js';
import { discoverSrv } from './discover-srv.js';
import { type EtcdVersion } from './version.js';
import { EtcdWatches } from './watches.js';

/**
 * A client of an etcd cluster: the API of etcd's v2 Go client on the v3 store. It stays on one endpoint while that works
 * and tries the others when it fails. The first request connects; {@link EtcdClient.close} releases everything.
 */
export class EtcdClient {
  /** The tree of keys. */
  readonly keys: KeysApi;
  /** The cluster's members. */
  readonly members: MembersApi;
  /** Users, roles, and whether authentication is enabled. */
  readonly auth: AuthApi;

  private constructor(private readonly transport: EtcdTransport) {
    const watches = new EtcdWatches(transport, transport.deps);
    this.keys = new KeysApi(new TransportPort(transport, watches), transport.deps);
    this.members = new MembersApi(transport);
    this.auth = new AuthApi(transport);
  }

  /**
   * Checks the options and loads `etcd3`. The connection is made by the first request.
   *
   * @throws InvalidOptionError that names the option
   * @throws NoEtcdEndpointsError when no endpoint is given
   * @throws MissingPeerError when `etcd3` is not installed
   */
  static async create(options: EtcdOptions, deps: Partial<EtcdDeps> = {}): Promise<EtcdClient> {
    return new EtcdClient(await EtcdTransport.create(options, deps));
  }

  /** All endpoints, without credentials. A copy. */
  get endpoints(): readonly string[] {
    return [...this.transport.endpoints];
  }

  /** The endpoint that the next request tries first. */
  get pinned(): string {
    return this.transport.pinned;
  }

  /** Whether each request is logged as the equivalent `etcdctl` command, secrets masked. */
  get debug(): boolean {
    return this.transport.debug;
  }

  /** Logs each request from now on, or no longer. */
  set debug(on: boolean) {
    this.transport.debug = on;
  }

  /**
   * Replaces the endpoints. An equal set keeps the pin.
   *
   * @throws InvalidOptionError when an endpoint is malformed; the current ones stay
   * @throws NoEtcdEndpointsError when the list is empty; the current ones stay
   */
  setEndpoints(endpoints: string | readonly string[]): void {
    this.transport.setEndpoints(endpoints);
  }

  /**
   * Replaces the endpoints by the client URLs of the cluster's members. With `prioritize-leader` the leader is pinned.
   *
   * @throws ClusterError when no endpoint answers; the current ones stay
   * @throws InvalidOptionError when all endpoints are `https:` and no client URL is; the current ones stay
   */
  async sync(options: CallOptions = {}): Promise<void> {
    checkCall(options);
    await this.transport.sync(options.signal);
  }

  /**
   * Syncs at once and then every `interval` seconds; 10 to 60 suit most clusters. Settles by rejecting only.
   *
   * @param interval seconds, fractions allowed, at most 3600
   * @throws InvalidOptionError when `interval` is out of range
   * @throws the first error of a sync, or the signal's reason
   */
  async autoSync(interval: number, options: CallOptions = {}): Promise<never> {
    checkCall(options);
    return await this.transport.autoSync(interval, options.signal);
  }

  /**
   * The versions of the server that answers and of the cluster.
   *
   * @throws ClusterError when no endpoint answers
   */
  async version(options: CallOptions = {}): Promise<EtcdVersion> {
    checkCall(options);
    return await this.transport.version(options.signal);
  }

  /**
   * The endpoints that the SRV records of a domain name, for {@link EtcdClient.setEndpoints}.
   *
   * @throws InvalidOptionError when `domain` is not a hostname
   * @throws EtcdDiscoveryError when the records name no endpoint
   */
  async discoverSrv(domain: string): Promise<readonly string[]> {
    return await discoverSrv(domain);
  }

  /**
   * Revokes the leases that are no longer needed, and ends every request, watch, socket and timer. A second call does
   * nothing.
   */
  async close(): Promise<void> {
    if (this.transport.closed) return;
    const { deps, timeoutMs } = this.transport;
    try {
      await attempt({ clock: deps.clock, timeoutMs, what: 'revoking leases' }, async (signal) =>
        this.keys.close(signal),
      );
    } catch {
      // The cluster does not answer. The leases expire by themselves.
    } finally {
      this.transport.close();
    }
  }
}
