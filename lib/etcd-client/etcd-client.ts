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
 * A client of an etcd cluster, with the v2 client's API on the v3 store. It stays on one endpoint while that works and
 * goes round the others when it fails. Connects with the first request; {@link EtcdClient.close} ends everything.
 */
export class EtcdClient {
  /** The tree of keys. */
  readonly keys: KeysApi;
  /** The cluster's members. */
  readonly members: MembersApi;
  /** Users, roles and the switch. */
  readonly auth: AuthApi;

  private constructor(private readonly transport: EtcdTransport) {
    const watches = new EtcdWatches(transport, transport.deps);
    this.keys = new KeysApi(new TransportPort(transport, watches), transport.deps);
    this.members = new MembersApi(transport);
    this.auth = new AuthApi(transport);
  }

  /**
   * Checks the options and loads `etcd3`; connects to nothing yet.
   *
   * @throws InvalidOptionError, NoEtcdEndpointsError naming the option
   * @throws MissingPeerError when `etcd3` is not installed
   */
  static async create(options: EtcdOptions, deps: Partial<EtcdDeps> = {}): Promise<EtcdClient> {
    return new EtcdClient(await EtcdTransport.create(options, deps));
  }

  /** All endpoints, without credentials; a copy. */
  get endpoints(): readonly string[] {
    return [...this.transport.endpoints];
  }

  /** The endpoint the next request goes to first. */
  get pinned(): string {
    return this.transport.pinned;
  }

  /** Says each request to the logger as the `etcdctl` command that would do the same, secrets masked. */
  get debug(): boolean {
    return this.transport.debug;
  }

  set debug(on: boolean) {
    this.transport.debug = on;
  }

  /**
   * Takes other endpoints. An equal set keeps the pin.
   *
   * @throws InvalidOptionError, NoEtcdEndpointsError; the old ones are kept
   */
  setEndpoints(endpoints: string | readonly string[]): void {
    this.transport.setEndpoints(endpoints);
  }

  /** Takes the endpoints of the cluster's members; in leader mode the leader is pinned. */
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

  /** The versions of the server that answers and of the cluster. */
  async version(options: CallOptions = {}): Promise<EtcdVersion> {
    checkCall(options);
    return await this.transport.version(options.signal);
  }

  /**
   * The endpoints that a domain's SRV records name, for {@link EtcdClient.setEndpoints}.
   *
   * @throws EtcdDiscoveryError when they name none
   */
  async discoverSrv(domain: string): Promise<readonly string[]> {
    return await discoverSrv(domain);
  }

  /** Ends what was left behind on the server, every request, watch, socket and timer. A second call does nothing. */
  async close(): Promise<void> {
    if (this.transport.closed) return;
    const { deps, timeoutMs } = this.transport;
    try {
      await attempt({ clock: deps.clock, timeoutMs, what: 'ending leases' }, async (signal) =>
        this.keys.close(signal),
      );
    } catch {
      // The cluster does not answer; what is left there ends by itself.
    } finally {
      this.transport.close();
    }
  }
}
