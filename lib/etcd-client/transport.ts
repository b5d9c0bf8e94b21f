import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { type Clock, systemClock } from '../common/clock.js';
import { abortReason } from '../common/async/abort.js';
import { attempt, pause } from '../common/async/deadline.js';
import { ClosedError, DeadlineExceededError, TlsError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { callOptions } from './call-options.js';
import { classify, isElection } from './classify.js';
import { etcdctlCommand } from './etcdctl-command.js';
import { ConnectionPool, WIRE_MARGIN_MS } from './connection-pool.js';
import { type Connect, type EtcdConnection, etcd3Connect } from './connection.js';
import { isSecure } from './endpoint.js';
import { ClusterError } from './errors/cluster.error.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import {
  checkEndpoints,
  checkEtcdOptions,
  checkSeconds,
  type EtcdOptions,
  type EtcdSettings,
} from './options.js';
import { withSignals } from '../common/async/abort.js';
import { loadEtcd3 } from './load-etcd3.js';
import { type EtcdCaller, type EtcdRequest } from './request.js';
import { Connectivity } from './connectivity.js';
import { EndpointSelection } from './endpoint-selection.js';
import { type DuplexCall, EtcdStream, type EtcdStreamOpener, type StreamPlan } from './stream.js';
import { memberEndpoints } from './member-endpoints.js';
import { type EtcdTls, loadTls } from './tls.js';
import { TokenProvider } from './token-provider.js';
import { type EtcdVersion, fetchVersion } from './version.js';

/** What a transport is handed beside its options. */
export interface EtcdDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Makes connections; over `etcd3` unless a test brings its own. */
  readonly connect: Connect;
}

/** What became of a request at one endpoint. */
type Outcome<T> = { result: T; error?: never } | { result?: never; error: EndpointError };

/**
 * The way to an etcd cluster: one endpoint is pinned while it works, the others are gone round when it fails, each
 * attempt has a deadline, and what went wrong everywhere is told together. Keys, members, users, leases and watches
 * stand on it.
 */
export class EtcdTransport implements EtcdCaller, EtcdStreamOpener {
  readonly connectivity: Connectivity;
  private readonly selection: EndpointSelection;
  private readonly pool: ConnectionPool;
  private readonly tokens: TokenProvider;
  private readonly streams = new Set<{ close(): void }>();
  private readonly closing = new AbortController();

  /** Whether each request is said to the logger as the `etcdctl` command that would do the same, secrets masked. */
  debug: boolean;

  private constructor(
    private readonly settings: EtcdSettings,
    private readonly tls: EtcdTls | undefined,
    /** Shared with what stands on this transport. */
    readonly deps: EtcdDeps,
  ) {
    this.debug = settings.debug;
    this.connectivity = new Connectivity(deps.clock);
    // It stands over every stream: that is no leak to warn of.
    setMaxListeners(0, this.closing.signal);
    this.selection = new EndpointSelection(settings.endpoints, deps.random);
    this.pool = new ConnectionPool(deps.connect, tls, deps.clock, settings.timeoutMs);
    this.tokens = new TokenProvider(
      settings.credentials && (async (endpoint) => await this.authenticate(endpoint)),
    );
  }

  /**
   * Checks the options and loads `etcd3`. Does not connect: the first request does.
   *
   * @throws InvalidOptionError, NoEtcdEndpointsError naming the option
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

  /** The endpoint the next request goes to first. */
  get pinned(): string {
    return this.selection.pinned;
  }

  /** Whether {@link EtcdTransport.close} has been called. */
  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  get timeoutMs(): number {
    return this.settings.timeoutMs;
  }

  /**
   * Takes other endpoints. An equal set keeps the pin.
   *
   * @throws InvalidOptionError, NoEtcdEndpointsError; the old ones are kept
   */
  setEndpoints(endpoints: string | readonly string[]): void {
    const list = checkEndpoints(endpoints, this.settings.tls !== undefined);
    if (this.selection.replace(list)) this.pool.keepOnly(list);
  }

  /** Pins an endpoint. One that is not in the list changes nothing. */
  pin(endpoint: string): void {
    this.selection.succeeded(endpoint);
  }

  async call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    this.ensureOpen();
    const errors: EndpointError[] = [];
    let round = this.selection.round();
    for (let rounds = 1; ; rounds += 1) {
      const failed: EndpointError[] = [];
      for (const endpoint of round) {
        const { result, error } = await this.callAt(endpoint, request, signal);
        if (!error) {
          if (errors.length + failed.length > 0) this.selection.succeeded(endpoint);
          this.connectivity.reportAnswer();
          return result;
        }
        failed.push(error);
        this.selection.failed(endpoint);
        if (request.oneShot === true && !error.unsent) break;
      }
      errors.push(...failed);
      const electing = failed.filter(({ reason }) => isElection(reason)).map(({ endpoint }) => endpoint);
      if (rounds === ROUNDS || electing.length === 0 || request.oneShot === true) break;
      await this.whileElecting(signal);
      // A member that speaks comes before one that was silent.
      round = [...electing, ...this.selection.round().filter((endpoint) => !electing.includes(endpoint))];
    }
    this.connectivity.reportFailure();
    throw new ClusterError(errors);
  }

  async callOne<T>(endpoint: string, request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    this.ensureOpen();
    const { result, error } = await this.callAt(endpoint, request, signal);
    if (error) throw new ClusterError([error]);
    return result;
  }

  /**
   * Replaces the endpoints by those of the cluster's members. In leader mode the leader is pinned; otherwise an equal
   * set keeps the pin. A client that speaks TLS everywhere takes none that does not.
   *
   * @throws what {@link EtcdTransport.call} throws, and InvalidOptionError when no member is left; the endpoints are kept
   */
  async sync(signal?: AbortSignal): Promise<void> {
    const { endpoints, leader } = await memberEndpoints(this, signal);
    const secure = this.endpoints.every(isSecure);
    const taken = secure ? endpoints.filter(isSecure) : endpoints;
    if (secure && taken.length === 0)
      throw expected("the members' client URLs", 'https:// URLs, as the endpoints are', endpoints);
    this.setEndpoints(taken);
    if (
      this.settings.selectionMode === 'prioritize-leader' &&
      leader !== undefined &&
      taken.includes(leader)
    ) {
      this.selection.succeeded(leader);
    }
  }

  /**
   * Syncs at once and then every `interval` seconds, at most 3600. Settles by rejecting only.
   *
   * @throws the first error of a sync, or the signal's reason
   */
  async autoSync(interval: number, signal?: AbortSignal): Promise<never> {
    checkSeconds('interval', interval, MAX_SYNC_INTERVAL_S);
    return await withSignals([signal, this.closing.signal], async (ended) => {
      for (;;) {
        await this.sync(signal);
        await pause(this.deps.clock, interval * 1_000, ended);
      }
    });
  }

  /** The versions of the answering server and of the cluster. */
  async version(signal?: AbortSignal): Promise<EtcdVersion> {
    return await fetchVersion(this, this.tls, this.settings.proxy, signal);
  }

  async openStream<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    this.ensureOpen();
    const token = await this.streamToken(endpoint);
    const connection = await this.freshConnection(endpoint);
    // The stream cancels its call itself; the signal is only ever the client's own end.
    const signal = this.closing.signal;
    const onSignOfLife = (): void => this.pool.touch(connection);
    const options = callOptions({ token, requireLeader: true, deadline: undefined, signal, onSignOfLife });
    const call = await this.startStream(connection, async () => await plan.open(connection, options));
    const stream = new EtcdStream<Q>(
      endpoint,
      call as DuplexCall<Q, never>,
      () => {
        this.streams.delete(stream);
      },
      (error, kind) => {
        if (kind === 'endpoint' || kind === 'silent') this.selection.failed(endpoint);
        if (kind === 'token') this.tokens.invalidate(token);
        if (kind === 'endpoint' && error instanceof EndpointError) this.pool.retireAfter(error, connection);
        if (kind === 'silent') this.pool.retireSilent(connection);
      },
      (error) => {
        plan.onEnd(error);
      },
      () => !this.tokens.isCurrent(token),
      this.settings.credentials !== undefined,
      (reason) => throughProxy(connection, reason),
    );
    this.streams.add(stream);
    call.on('data', (message) => {
      if (this.streams.has(stream)) plan.onMessage(message);
    });
    return stream;
  }

  onClose(run: (error: Error) => void): void {
    this.closing.signal.addEventListener('abort', () => {
      run(abortReason(this.closing.signal));
    });
  }

  /** Ends every request, stream and socket. A second call does nothing. */
  close(): void {
    this.closing.abort(new ClosedError('The etcd client'));
    for (const stream of [...this.streams]) stream.close();
    this.pool.keepOnly([]);
  }

  /** What a debugger or a log shows of it: nothing that its settings hold. */
  [inspect.custom](): string {
    return `EtcdTransport <${this.endpoints.join(',')}>`;
  }

  private async whileElecting(signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.deps;
    await withSignals([signal, this.closing.signal], async (ended) => {
      await pause(clock, ELECTION_PAUSE_MS * (0.75 + random() / 2), ended);
    });
  }

  private ensureOpen(): void {
    if (this.closed) throw abortReason(this.closing.signal);
  }

  private async callAt<T>(
    endpoint: string,
    request: EtcdRequest<T>,
    signal: AbortSignal | undefined,
  ): Promise<Outcome<T>> {
    this.explain(endpoint, request);
    const connection = this.pool.existing(endpoint) ?? (await this.freshConnection(endpoint));
    const outcome = await this.callOver(connection, request, signal);
    if (!this.tls || !(outcome.error?.cause instanceof TlsError)) return outcome;
    // Certificates may have been replaced since this connection was made.
    await this.tls.identity.refresh();
    this.ensureOpen();
    if (this.pool.isCurrent(connection)) return outcome;
    return await this.callOver(this.pool.get(endpoint), request, signal);
  }

  private async callOver<T>(
    connection: EtcdConnection,
    request: EtcdRequest<T>,
    signal: AbortSignal | undefined,
  ): Promise<Outcome<T>> {
    const { endpoint } = connection;
    const { clock } = this.deps;
    const due = clock.now() + (request.timeoutMs ?? this.timeoutMs);
    let sent = false;
    try {
      const result = await withSignals(
        [signal, this.closing.signal],
        async (ended) =>
          await this.attempt(connection, request, ended, () => {
            sent = true;
          }),
      );
      return { result };
    } catch (error) {
      if (signal?.aborted) {
        const reason = abortReason(signal);
        // A caller's own deadline that passed tells as much of the endpoint as ours would.
        if (reason instanceof DeadlineExceededError) this.selection.failed(endpoint);
        throw reason;
      }
      this.ensureOpen();
      if (error instanceof EndpointError) return { error };
      const { kind, unsent, late, status, reason, cause } = classify(error);
      if (kind === 'foreign') throw error;
      if (kind !== 'endpoint') {
        this.connectivity.reportAnswer();
        throw new EtcdResponseError(endpoint, reason, status, error);
      }
      const failure = new EndpointError(endpoint, throughProxy(connection, reason), unsent || !sent, cause);
      // Whoever is late himself has not looked at what was answered in time.
      if (!late) this.pool.retireAfter(failure, connection);
      else if (clock.now() < due + LATE_ONESELF) this.pool.retireSilent(connection);
      return { error: failure };
    }
  }

  private async attempt<T>(
    connection: EtcdConnection,
    request: EtcdRequest<T>,
    signal: AbortSignal,
    onSend: () => void,
  ): Promise<T> {
    const { clock } = this.deps;
    const timeoutMs = request.timeoutMs ?? this.timeoutMs;
    return await attempt({ clock, timeoutMs, signal, what: request.what }, async (inner) => {
      const deadline = wireDeadline(clock, timeoutMs);
      const requireLeader = request.requireLeader ?? true;
      for (let renewed = false; ; renewed = true) {
        const token = await this.tokens.get(connection.endpoint, inner);
        onSend();
        try {
          const onSignOfLife = (): void => this.pool.touch(connection);
          const options = callOptions({ token, requireLeader, deadline, signal: inner, onSignOfLife });
          return await request.run(connection, options, inner);
        } catch (error) {
          if (renewed || !this.settings.credentials || classify(error).kind !== 'token') throw error;
          this.tokens.invalidate(token);
        }
      }
    });
  }

  private async startStream<T>(connection: EtcdConnection, start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      this.ensureOpen();
      const { kind, reason, unsent, cause } = classify(error);
      if (kind === 'foreign') throw error;
      const failure = new EndpointError(connection.endpoint, throughProxy(connection, reason), unsent, cause);
      this.pool.retireAfter(failure, connection);
      throw failure;
    }
  }

  private async streamToken(endpoint: string): Promise<string | undefined> {
    try {
      return await this.tokens.get(endpoint, this.closing.signal);
    } catch (error) {
      this.ensureOpen();
      const { kind, reason, status, cause } = classify(error);
      if (kind === 'foreign') throw error;
      if (kind === 'answer') throw new EtcdResponseError(endpoint, reason, status, error);
      this.selection.failed(endpoint);
      throw new EndpointError(endpoint, reason, true, cause);
    }
  }

  private async authenticate(endpoint: string): Promise<string | undefined> {
    const { username, password } = this.settings.credentials ?? { username: '', password: '' };
    const { clock } = this.deps;
    const { timeoutMs } = this;
    const what = `logging in as "${username}"`;
    return await attempt({ clock, timeoutMs, signal: this.closing.signal, what }, async (signal) => {
      const deadline = wireDeadline(clock, timeoutMs);
      const connection = this.pool.get(endpoint);
      const onSignOfLife = (): void => this.pool.touch(connection);
      const options = callOptions({ token: undefined, requireLeader: false, deadline, signal, onSignOfLife });
      try {
        return (await connection.auth.authenticate({ name: username, password }, options)).token;
      } catch (error) {
        // The credentials wait for the day authentication is switched on.
        if (classify(error).reason.includes('authentication is not enabled')) return undefined;
        throw error;
      }
    });
  }

  /** A connection by the certificates as they are now; one of before is left. */
  private async freshConnection(endpoint: string): Promise<EtcdConnection> {
    await this.tls?.identity.refresh();
    this.ensureOpen();
    const former = this.pool.existing(endpoint);
    if (former && !this.pool.isCurrent(former)) this.pool.retire(former);
    return this.pool.get(endpoint);
  }

  private explain(endpoint: string, { command, input }: EtcdRequest<unknown>): void {
    if (!this.debug || !command) return;
    const { username } = this.settings.credentials ?? {};
    this.deps.logger.log(etcdctlCommand(endpoint, username, command(), input?.()));
  }
}

/** The longest interval of `autoSync`. A value beyond it was meant as milliseconds. */
const MAX_SYNC_INTERVAL_S = 3_600;

/** Rounds of the endpoints that an idempotent request is given while the members elect a leader. */
const ROUNDS = 2;

/** Milliseconds between these, on average: a vote is a matter of tens of milliseconds, then every member hears of it. */
const ELECTION_PAUSE_MS = 400;

/** Milliseconds beyond a deadline by which its end was noticed too late to blame anybody else. */
const LATE_ONESELF = 250;

/** gRPC's own word comes first: it alone says whether a request that ran out of time had been sent. */
/** A reason that names the proxy, where a connection goes through one and etcd itself has not spoken. */
function throughProxy({ proxy }: EtcdConnection, reason: string): string {
  if (proxy === undefined || reason.startsWith('etcdserver:')) return reason;
  // gRPC has no reason for a proxy that opens no tunnel.
  return `${reason === 'undefined' ? 'no connection' : reason} (through ${proxy})`;
}

function wireDeadline(clock: Clock, timeout: number): Date {
  return new Date(clock.wall() + Math.max(1, timeout - WIRE_MARGIN_MS));
}
