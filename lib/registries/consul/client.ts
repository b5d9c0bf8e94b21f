import { inspect } from 'node:util';
import { AbortScope } from '../../common/async/abort-scope.js';
import { attempt } from '../../common/async/deadline.js';
import { RequestQueue } from '../../common/async/request-queue.js';
import { type Clock } from '../../common/clock.js';
import {
  DeadlineExceededError,
  RegistryRefusedError,
  RegistryUnavailableError,
  TlsError,
} from '../../common/errors/index.js';
import { REDACTED } from '../../common/redact.js';
import { tlsFailure } from '../../common/tls/tls-failure.js';
import { CONNECTION_LIMIT, connectionError } from './connection-error.js';
import { ConsulResponse } from './consul-response.js';
import { missingAclRule } from './missing-acl-rule.js';
import { consulUrl, endpointOf, proxyOf, type ConsulSettings } from './options.js';
import { fixedToken, TokenFile, type TokenSource } from './token.js';
import { type ConsulRequest, openTransport, type RawResponse, type Transport } from './transport.js';

/**
 * The connection pool that a request uses, so that requests of one kind do not queue behind another kind. `calls`
 * renews, `writes` registers and deregisters, `reads` reads without waiting, `watches` waits for changes.
 */
export type PoolName = 'calls' | 'writes' | 'reads' | 'watches';

/** Limits of one call. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** @default the `timeout` of the settings */
  readonly timeoutMs?: number;
  /** @default 'calls' */
  readonly pool?: 'calls' | 'writes' | 'reads';
}

/** Limits of one request of a watch. */
export interface BlockingQueryOptions {
  /** Without it only the deadline and {@link ConsulClient.close} end the request early. */
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
  /** @default 'watches' */
  readonly pool?: 'reads' | 'watches';
}

/** Maximum number of concurrent blocking queries. Each occupies one connection. */
export const MAX_WATCHES = 96;

/**
 * Connections of each pool. Their sum stays well under the 200 connections that a Consul agent admits from one address
 * by default; the agent cuts further ones.
 */
const MAX_SOCKETS: Readonly<Record<PoolName, number>> = {
  calls: 16,
  // An agent registers one service after the other, and meanwhile renews nothing.
  writes: 4,
  reads: 28,
  watches: MAX_WATCHES,
};

/** Milliseconds that one request of a write or a removal may take, unless the user gives a `timeout`. */
const WRITE_TIMEOUT_MS = 2_000;

/** The longest of these timeouts, so that a boot soon fails on an agent that does not respond. */
const MAX_WRITE_TIMEOUT_MS = 5_000;

/** The most connections that one process opens to its agent. */
export const MAX_CONNECTIONS = Object.values(MAX_SOCKETS).reduce((sum, count) => sum + count, 0);

/** Added to the request timeout, this is when an idle connection is closed. Connections of `calls` stay open. */
const IDLE_MS = 10_000;

/** Status with which newer versions refuse a connection beyond the limit. `limits.request_limits` uses it too. */
const TOO_MANY_REQUESTS = 429;

const REFUSALS = new Set([400, 401, 403, 405, 413]);

/**
 * Client of Consul's HTTP API. Every call has a deadline, every response is validated, and every failure is an error of
 * this library.
 */
export class ConsulClient {
  readonly url: string;
  readonly endpoint: string;
  /** Lifetime of the client: closing it aborts every request and every watch. */
  readonly scope: AbortScope;
  /** Milliseconds that one request of a write or a removal may take. */
  readonly writeTimeoutMs: number;
  private readonly proxy: string | undefined;
  /** Requests that wait for a connection. The watches have a limit of their own. */
  private readonly queues: Readonly<Record<Exclude<PoolName, 'watches'>, RequestQueue>> = {
    calls: new RequestQueue(MAX_SOCKETS.calls),
    writes: new RequestQueue(MAX_SOCKETS.writes),
    reads: new RequestQueue(MAX_SOCKETS.reads),
  };

  constructor(
    readonly settings: ConsulSettings,
    private readonly clock: Clock,
    private readonly token: TokenSource,
    private readonly pools: Readonly<Record<PoolName, Transport>>,
  ) {
    this.url = consulUrl(settings);
    this.endpoint = endpointOf(settings);
    this.scope = new AbortScope(`The connection to ${this.url}`);
    this.writeTimeoutMs = Math.min(settings.givenTimeoutMs ?? WRITE_TIMEOUT_MS, MAX_WRITE_TIMEOUT_MS);
    this.proxy = proxyOf(settings)?.label;
  }

  /**
   * Loads the peer package and the certificates. Opens no connection.
   *
   * @throws MissingPeerError when the package `consul` is not installed
   * @throws InvalidOptionError when a certificate cannot be read
   */
  static async open(settings: ConsulSettings, clock: Clock): Promise<ConsulClient> {
    const token =
      settings.tokenFile === undefined
        ? fixedToken(settings.token)
        : new TokenFile(settings.tokenFile, clock);
    const timeout = settings.timeoutMs + IDLE_MS;
    const calls = await openTransport(settings, { maxSockets: MAX_SOCKETS.calls });
    const writes = await openTransport(settings, { maxSockets: MAX_SOCKETS.writes, timeout });
    const reads = await openTransport(settings, { maxSockets: MAX_SOCKETS.reads, timeout });
    const watches = await openTransport(settings, { maxSockets: MAX_SOCKETS.watches, timeout });
    return new ConsulClient(settings, clock, token, { calls, writes, reads, watches });
  }

  /**
   * Sends a request and returns the response, whatever its status.
   *
   * @throws RegistryUnavailableError when the deadline passes or the connection fails
   * @throws ClosedError after {@link ConsulClient.close}
   * @throws the reason of `signal` when the caller aborts
   */
  async send(request: ConsulRequest, options: CallOptions): Promise<ConsulResponse> {
    const { signal, timeoutMs, pool = 'calls' } = options;
    const response = await this.sendOnce(request, { signal, timeoutMs, pool });
    // Consul changes nothing when it denies a request, so a retry with a newer token is safe.
    if (response.denied && (await this.token.reload()))
      return await this.sendOnce(request, { signal, timeoutMs, pool });
    return response;
  }

  /**
   * Sends a request that must succeed.
   *
   * @throws RegistryRefusedError when Consul refuses it, with Consul's message
   * @throws RegistryUnavailableError when Consul is unreachable or fails, or when the response is not Consul's
   * @throws ClosedError after {@link ConsulClient.close}
   * @throws the reason of `signal` when the caller aborts
   */
  async call(request: ConsulRequest, options: CallOptions): Promise<ConsulResponse> {
    const response = await this.send(request, options);
    if (!response.ok) throw this.errorOf(request, response);
    return response;
  }

  /**
   * Sends a request of a watch, on connections of its own. A 404 is a valid response here.
   *
   * @throws the errors of {@link ConsulClient.call}
   */
  async blockingQuery(request: ConsulRequest, options: BlockingQueryOptions): Promise<ConsulResponse> {
    const { signal, timeoutMs, pool = 'watches' } = options;
    const response = await this.sendOnce(request, { signal, timeoutMs, pool });
    if (response.denied) await this.token.reload();
    if (!response.ok && !response.absent) throw this.errorOf(request, response);
    return response;
  }

  /** Classifies an unsuccessful response: a refusal is final, an unavailability may pass. */
  errorOf(request: ConsulRequest, response: ConsulResponse): RegistryRefusedError | RegistryUnavailableError {
    const message =
      response.text === '' ? `status ${response.status}` : `${response.text} (status ${response.status})`;
    const notTls = response.status === 400 && tlsFailure(response.text, undefined, undefined);
    if (notTls) return this.unavailable(notTls);
    if (!response.fromConsul) return this.unavailable(response.foreign());
    if (response.status === TOO_MANY_REQUESTS)
      return this.unavailable(new Error(`${label(request)}: ${this.redact(message)}. ${CONNECTION_LIMIT}`));
    if (REFUSALS.has(response.status)) return this.refused(request, message);
    return this.unavailable(new Error(`${label(request)}: ${this.redact(message)}`));
  }

  /** The error for a request that Consul refused. */
  refused(request: ConsulRequest, message: string): RegistryRefusedError {
    return new RegistryRefusedError(
      `Consul at ${this.endpoint} refused ${label(request)}: ${this.redact(message)}${missingAclRule(request, message)}`,
    );
  }

  /** The error for a failure that may pass. */
  unavailable(error: Error): RegistryUnavailableError {
    const failure = this.throughProxy(error);
    return new RegistryUnavailableError(this.url, [{ endpoint: this.endpoint, error: failure }], {
      cause: error,
    });
  }

  private throughProxy(error: Error): Error {
    if (this.proxy === undefined || error instanceof TlsError || error.message.includes(this.proxy))
      return error;
    return new Error(`${error.message} (through ${this.proxy})`, { cause: error });
  }

  /**
   * Parses a response by `parse`.
   *
   * @throws RegistryUnavailableError when `parse` throws: the response is then not Consul's
   */
  read<T>(response: ConsulResponse, parse: (response: ConsulResponse) => T): T {
    try {
      return parse(response);
    } catch (error) {
      throw this.unavailable(error as Error);
    }
  }

  /** Aborts the requests in flight and closes every connection. */
  close(): void {
    this.scope.close();
    for (const pool of Object.values(this.pools)) pool.close();
  }

  /** Hides the settings from debuggers and logs, since they contain secrets. */
  [inspect.custom](): string {
    return `ConsulClient <${this.url}>`;
  }

  private async sendOnce(
    request: ConsulRequest,
    {
      signal,
      timeoutMs = this.settings.timeoutMs,
      pool,
    }: { signal: AbortSignal | undefined; timeoutMs: number | undefined; pool: PoolName },
  ): Promise<ConsulResponse> {
    const linked = this.scope.link(signal);
    const attemptOnce = async (): Promise<RawResponse> =>
      await attempt(
        { clock: this.clock, timeoutMs, signal: linked.signal, what: label(request) },
        async (inner) => {
          const token = await this.token.current();
          const headers = token === undefined ? {} : { 'x-consul-token': token };
          return await this.pools[pool].send(request, headers, inner);
        },
      );
    try {
      // The deadline begins with a free connection: the time in the queue is no delay of the agent.
      const raw = await (pool === 'watches'
        ? attemptOnce()
        : this.queues[pool].run(attemptOnce, linked.signal));
      return new ConsulResponse(raw, label(request), (text) => this.redact(text));
    } catch (error) {
      if (linked.signal.aborted || error instanceof RegistryRefusedError) throw error;
      const cause = error as Error;
      throw this.unavailable(cause instanceof DeadlineExceededError ? cause : connectionError(cause));
    } finally {
      linked.release();
    }
  }

  /** Masks the token. Consul never echoes it, but a proxy in between might. */
  private redact(text: string): string {
    const { latest } = this.token;
    return latest === undefined ? text : text.replaceAll(latest, REDACTED);
  }
}

function label({ method, path }: ConsulRequest): string {
  return `${method} /v1${path}`;
}
