import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { abortReason, onAbort, withSignals } from '../common/async/abort.js';
import { AbortScope } from '../common/async/abort-scope.js';
import { pause } from '../common/async/deadline.js';
import { ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { type Clock, systemClock } from '../common/clock.js';
import { expected } from '../common/expected.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { isElection } from './classify.js';
import { type Connect, etcd3Connect } from './connection.js';
import { ConnectionPool } from './connection-pool.js';
import { isSecure } from './endpoint.js';
import { EndpointCaller } from './endpoint-caller.js';
import { EndpointSelection } from './endpoint-selection.js';
import { ClusterError } from './errors/cluster.error.js';
import { type EndpointError } from './errors/endpoint.error.js';
import { etcdctlCommand } from './etcdctl-command.js';
import { loadEtcd3 } from './load-etcd3.js';
import { login } from './login.js';
import { memberEndpoints } from './member-endpoints.js';
import {
  checkEndpoints,
  checkEtcdOptions,
  checkSeconds,
  type EtcdOptions,
  type EtcdSettings,
} from './options.js';
import { type EtcdCaller, type EtcdRequest } from './request.js';
import { type KeepAliveClient } from './keep-alive-lane.js';
import { type EtcdStream, type StreamPlan } from './stream.js';
import { StreamOpener } from './stream-opener.js';
import { type EtcdTls, loadTls } from './tls.js';
import { TokenProvider } from './token-provider.js';
import { type EtcdVersion, fetchServerInfo } from './version.js';

/** Rounds of all endpoints for an idempotent request while the members elect a leader. */
const MAX_ROUNDS = 2;

/** Average pause between these rounds. A vote takes tens of milliseconds; then every member has to learn of it. */
const ELECTION_PAUSE_MS = 400;

/** The longest interval of `autoSync`. A longer one is most likely meant as milliseconds. */
const MAX_SYNC_INTERVAL_S = 3_600;

/** What a transport needs besides its options. */
export interface EtcdDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * Makes connections.
   *
   * @default connections of `etcd3`
   */
  readonly connect: Connect;
}

/**
 * The connection to an etcd cluster. One endpoint is pinned while it works; after a failure the others are tried in
 * turn. Each attempt has a deadline, and a failed round ends in one {@link ClusterError} with the error of every
 * attempt. Keys, members, users, leases and watches are built on it.
 */
export class EtcdTransport implements EtcdCaller, KeepAliveClient {
  readonly reconnect: ReconnectCoordinator;

  /** Whether each request is logged as the equivalent `etcdctl` command, secrets masked. */
  debug: boolean;

  private readonly scope = new AbortScope('The etcd client');
  private readonly selection: EndpointSelection;
  private readonly pool: ConnectionPool;
  private readonly caller: EndpointCaller;
  private readonly streams: StreamOpener;

  private constructor(
    private readonly settings: EtcdSettings,
    private readonly tls: EtcdTls | undefined,
    /** Shared with the users of this transport. */
    readonly deps: EtcdDeps,
  ) {
    const { credentials, timeoutMs } = settings;
    const { clock, connect, random } = deps;
    const { scope } = this;
    // Every stream listens to it; that is no leak to warn of.
    setMaxListeners(0, scope.signal);
    this.debug = settings.debug;
    this.reconnect = new ReconnectCoordinator({ clock, random });
    this.selection = new EndpointSelection(settings.endpoints, random);
    this.pool = new ConnectionPool({ connect, tls, clock, scope, timeoutMs });
    const tokens = new TokenProvider(
      credentials &&
        (async (endpoint) =>
          await login(this.pool, endpoint, credentials, { clock, timeoutMs, signal: scope.signal })),
    );
    const context = {
      clock,
      scope,
      pool: this.pool,
      tokens,
      selection: this.selection,
      reconnect: this.reconnect,
      timeoutMs,
      hasCredentials: credentials !== undefined,
    };
    this.caller = new EndpointCaller(context);
    this.streams = new StreamOpener(context);
  }

  /**
   * Checks the options and loads `etcd3`. The connection is made by the first request.
   *
   * @throws InvalidOptionError that names the option
   * @throws NoEtcdEndpointsError when no endpoint is given
   * @throws MissingPeerError when `etcd3` is not installed
   */
  static async create(options: EtcdOptions, deps: Partial<EtcdDeps> = {}): Promise<EtcdTransport> {
    const settings = checkEtcdOptions(options);
    const tls = await loadTls(settings.tls);
    return new EtcdTransport(settings, tls, {
      clock: deps.clock ?? systemClock,
      random: deps.random ?? Math.random,
      logger: deps.logger ?? silentLogger,
      connect: deps.connect ?? etcd3Connect(await loadEtcd3(), tls, settings.proxy),
    });
  }

  /** All endpoints, without credentials. */
  get endpoints(): readonly string[] {
    return this.selection.endpoints;
  }

  /** The endpoint that the next request tries first. */
  get pinned(): string {
    return this.selection.pinned;
  }

  /** Whether {@link EtcdTransport.close} has been called. */
  get closed(): boolean {
    return this.scope.closed;
  }

  get timeoutMs(): number {
    return this.settings.timeoutMs;
  }

  /** The clock of every timer and deadline. */
  get clock(): Clock {
    return this.deps.clock;
  }

  /**
   * Replaces the endpoints. An equal set keeps the pin.
   *
   * @throws InvalidOptionError when an endpoint is malformed; the current ones stay
   * @throws NoEtcdEndpointsError when the list is empty; the current ones stay
   */
  setEndpoints(endpoints: string | readonly string[]): void {
    const list = checkEndpoints(endpoints, this.settings.tls !== undefined);
    if (this.selection.replace(list)) this.pool.keepOnly(list);
  }

  /** Pins an endpoint. Does nothing when it is not in the list. */
  pin(endpoint: string): void {
    this.selection.succeeded(endpoint);
  }

  /** Moves the pin away from an endpoint that has failed. */
  leave(endpoint: string): void {
    this.selection.failed(endpoint);
  }

  async call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    this.scope.assertOpen();
    const errors: EndpointError[] = [];
    let round = this.selection.round();
    for (let rounds = 1; ; rounds += 1) {
      const failed: EndpointError[] = [];
      for (const endpoint of round) {
        this.logRequest(endpoint, request);
        const { result, error } = await this.caller.call(endpoint, request, signal);
        if (!error) {
          if (errors.length + failed.length > 0) this.selection.succeeded(endpoint);
          this.reconnect.attemptSucceeded();
          return result;
        }
        failed.push(error);
        this.selection.failed(endpoint);
        if (request.oneShot === true && !error.unsent) break;
      }
      errors.push(...failed);
      const electing = failed.filter(({ reason }) => isElection(reason)).map(({ endpoint }) => endpoint);
      if (rounds === MAX_ROUNDS || electing.length === 0 || request.oneShot === true) break;
      await this.waitForElection(signal);
      // Members that answered are tried before members that did not.
      round = [...electing, ...this.selection.round().filter((endpoint) => !electing.includes(endpoint))];
    }
    this.reconnect.attemptFailed();
    throw new ClusterError(errors);
  }

  async callOne<T>(endpoint: string, request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    this.scope.assertOpen();
    this.logRequest(endpoint, request);
    const { result, error } = await this.caller.call(endpoint, request, signal);
    if (error) throw new ClusterError([error]);
    return result;
  }

  /**
   * Replaces the endpoints by the client URLs of the cluster's members. With `prioritize-leader` the leader is pinned;
   * otherwise an equal set keeps the pin. A client whose endpoints are all `https:` takes `https:` URLs only.
   *
   * @throws what {@link EtcdTransport.call} throws; the current endpoints stay
   * @throws InvalidOptionError when no URL is left; the current endpoints stay
   */
  async sync(signal?: AbortSignal): Promise<void> {
    const { endpoints, leader } = await memberEndpoints(this, signal);
    const secure = this.endpoints.every(isSecure);
    const usable = secure ? endpoints.filter(isSecure) : endpoints;
    if (secure && usable.length === 0)
      throw expected("the members' client URLs", 'https:// URLs, as the endpoints are', endpoints);
    this.setEndpoints(usable);
    const prioritizeLeader = this.settings.selectionMode === 'prioritize-leader';
    if (prioritizeLeader && leader !== undefined && usable.includes(leader)) this.pin(leader);
  }

  /**
   * Syncs at once and then every `interval` seconds. Settles by rejecting only.
   *
   * @param interval seconds, fractions allowed, at most 3600
   * @throws InvalidOptionError when `interval` is out of range
   * @throws the first error of a sync, or the reason of `signal`
   */
  async autoSync(interval: number, signal?: AbortSignal): Promise<never> {
    checkSeconds('interval', interval, MAX_SYNC_INTERVAL_S);
    return await withSignals([signal, this.scope.signal], async (ended) => {
      for (;;) {
        await this.sync(signal);
        await pause(this.deps.clock, interval * 1_000, ended);
      }
    });
  }

  /** The versions of the server that answers and of the cluster. */
  async version(signal?: AbortSignal): Promise<EtcdVersion> {
    return (await fetchServerInfo(this, this.tls, this.settings.proxy, signal)).version;
  }

  /** The clock of the server that answers, in milliseconds since 1970; undefined if it does not send one. */
  async serverTime(signal?: AbortSignal): Promise<number | undefined> {
    return (await fetchServerInfo(this, this.tls, this.settings.proxy, signal)).timeMs;
  }

  async openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    return await this.streams.open(endpoint, plan);
  }

  async waitForElection(signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.deps;
    await withSignals([signal, this.scope.signal], async (ended) => {
      await pause(clock, ELECTION_PAUSE_MS * (0.75 + random() / 2), ended);
    });
  }

  logCommand(endpoint: string, command: () => readonly string[], input?: () => string): void {
    if (!this.debug) return;
    const username = this.settings.credentials?.username;
    this.deps.logger.log(etcdctlCommand(endpoint, username, command(), input?.()));
  }

  onClose(listener: (error: Error) => void): void {
    const { signal } = this.scope;
    onAbort(signal, () => {
      listener(abortReason(signal));
    });
  }

  /** Ends every request and stream, and closes every socket. A second call does nothing. */
  close(): void {
    this.scope.close();
    this.streams.closeAll();
    this.pool.keepOnly([]);
  }

  /** Keeps the secrets of the settings out of debuggers and logs. */
  [inspect.custom](): string {
    return `EtcdTransport <${this.endpoints.join(',')}>`;
  }

  private logRequest(endpoint: string, { command, input }: EtcdRequest<unknown>): void {
    if (command) this.logCommand(endpoint, command, input);
  }
}
