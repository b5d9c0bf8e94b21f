import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { type Clock } from '../../common/clock.js';
import { abortReason } from '../../common/async/abort.js';
import { attempt } from '../../common/async/deadline.js';
import {
  ClosedError,
  DeadlineExceededError,
  RegistryRefusedError,
  RegistryUnavailableError,
  TlsError,
} from '../../common/errors/index.js';
import { REDACTED } from '../../common/redact.js';
import { tlsFailure } from '../../common/tls/tls-failure.js';
import { Answer } from './answer.js';
import { CONNECTION_LIMIT, connectionError } from './failure.js';
import { neededRight } from './needed-right.js';
import { consulUrl, endpointOf, proxyOf, type ConsulSettings } from './options.js';
import { fixedToken, TokenFile, type TokenSource } from './token.js';
import { type ConsulRequest, openTransport, type Transport } from './transport.js';

/**
 * Whose connections a request goes over, so that nothing of one kind waits for another: `calls` are what keeps our own
 * keys and instances, `reads` what is answered at once, `watches` what waits for news.
 */
export type Lane = 'calls' | 'reads' | 'watches';

/** How one call is bounded. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Milliseconds; the connection's `timeout` by default. */
  readonly timeout?: number;
  /** `calls` by default. */
  readonly lane?: 'calls' | 'reads';
}

/** How a request is bounded that follows a scope. */
export interface BlockOptions {
  /** Nothing but the end of the client and the deadline cut it where there is none. */
  readonly signal?: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
  /** `watches` by default. */
  readonly lane?: 'reads' | 'watches';
}

/** Blocking queries at a time, each of which has a connection. */
export const MAX_WATCHES = 96;

/**
 * Connections of each kind. Together they stay well under the 200 that a Consul agent admits from one address by
 * default; beyond, it cuts connections.
 */
const SOCKETS: Readonly<Record<Lane, number>> = { calls: 16, reads: 32, watches: MAX_WATCHES };

/** Milliseconds beyond any deadline after which an unused connection is closed; that of a heartbeat stays. */
const IDLE = 10_000;

/** How newer versions refuse a connection that is one too many; `limits.request_limits` speaks so too. */
const TOO_MANY = 429;

const REFUSALS = new Set([400, 401, 403, 405, 413]);

/** Consul's HTTP API: every call has a deadline, every answer is checked, every failure is an error of the library. */
export class ConsulClient {
  readonly url: string;
  readonly endpoint: string;
  private readonly proxy: string | undefined;
  /** What ends each request that is under way. */
  private readonly inFlight = new Set<AbortController>();
  private closed = false;

  constructor(
    readonly settings: ConsulSettings,
    private readonly clock: Clock,
    private readonly token: TokenSource,
    private readonly lanes: Readonly<Record<Lane, Transport>>,
  ) {
    this.url = consulUrl(settings);
    this.endpoint = endpointOf(settings);
    this.proxy = proxyOf(settings)?.label;
  }

  /**
   * Loads the peer package and the certificates; connects to nothing.
   *
   * @throws MissingPeerError when the package `consul` is not installed
   * @throws InvalidOptionError when a certificate cannot be read
   */
  static async open(settings: ConsulSettings, clock: Clock): Promise<ConsulClient> {
    const token =
      settings.tokenFile === undefined
        ? fixedToken(settings.token)
        : new TokenFile(settings.tokenFile, clock);
    const timeout = settings.timeout + IDLE;
    const calls = await openTransport(settings, { maxSockets: SOCKETS.calls });
    const reads = await openTransport(settings, { maxSockets: SOCKETS.reads, timeout });
    const watches = await openTransport(settings, { maxSockets: SOCKETS.watches, timeout });
    return new ConsulClient(settings, clock, token, { calls, reads, watches });
  }

  /**
   * One request and its answer, whatever its status.
   *
   * @throws RegistryUnavailableError when nothing answers within the deadline, or the connection fails
   * @throws the signal's reason when the caller aborts
   */
  async send(request: ConsulRequest, options: CallOptions): Promise<Answer> {
    const { signal, timeout, lane = 'calls' } = options;
    const answer = await this.sendOnce(request, { signal, timeout, lane });
    // A refusal means that nothing was done, so that asking again with a newer token is safe.
    if (answer.denied && (await this.token.renew()))
      return await this.sendOnce(request, { signal, timeout, lane });
    return answer;
  }

  /**
   * One request that must succeed.
   *
   * @throws RegistryRefusedError when Consul says no, with its own words
   * @throws RegistryUnavailableError when it cannot be reached, fails, or something else answers
   * @throws the signal's reason when the caller aborts
   */
  async call(request: ConsulRequest, options: CallOptions): Promise<Answer> {
    const answer = await this.send(request, options);
    if (!answer.ok) throw this.failure(request, answer);
    return answer;
  }

  /** A request of a watch: like {@link call}, on connections of its own. 404 is an answer here. */
  async block(request: ConsulRequest, { signal, timeout, lane = 'watches' }: BlockOptions): Promise<Answer> {
    const answer = await this.sendOnce(request, { signal, timeout, lane });
    if (answer.denied) await this.token.renew();
    if (!answer.ok && !answer.absent) throw this.failure(request, answer);
    return answer;
  }

  /** What an answer that is no success means. */
  failure(request: ConsulRequest, answer: Answer): RegistryRefusedError | RegistryUnavailableError {
    const said = answer.text === '' ? `status ${answer.status}` : `${answer.text} (status ${answer.status})`;
    const notTls = answer.status === 400 && tlsFailure(answer.text, undefined, undefined);
    if (notTls) return this.unavailable(notTls);
    if (!answer.own) return this.unavailable(answer.foreign());
    if (answer.status === TOO_MANY)
      return this.unavailable(new Error(`${label(request)}: ${this.masked(said)}. ${CONNECTION_LIMIT}`));
    if (REFUSALS.has(answer.status)) return this.refused(request, said);
    return this.unavailable(new Error(`${label(request)}: ${this.masked(said)}`));
  }

  /** Consul's no to a request. */
  refused(request: ConsulRequest, said: string): RegistryRefusedError {
    return new RegistryRefusedError(
      `Consul at ${this.endpoint} refused ${label(request)}: ${this.masked(said)}${neededRight(request, said)}`,
    );
  }

  /** A failure that may pass. */
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

  /** Reads an answer; one that is not Consul's counts as Consul being out of reach. */
  read<T>(answer: Answer, run: (answer: Answer) => T): T {
    try {
      return run(answer);
    } catch (error) {
      throw this.unavailable(error as Error);
    }
  }

  /** Cancels what is under way and closes every connection. */
  close(): void {
    this.closed = true;
    for (const request of this.inFlight) request.abort(this.closedError());
    for (const lane of Object.values(this.lanes)) lane.close();
  }

  /** What a debugger or a log shows of it: nothing that its settings hold. */
  [inspect.custom](): string {
    return `ConsulClient <${this.url}>`;
  }

  private async sendOnce(
    request: ConsulRequest,
    {
      signal,
      timeout = this.settings.timeout,
      lane,
    }: { signal: AbortSignal | undefined; timeout: number | undefined; lane: Lane },
  ): Promise<Answer> {
    if (this.closed) throw this.closedError();
    const ending = new AbortController();
    const onAbort = (): void => {
      if (signal) ending.abort(abortReason(signal));
    };
    if (signal?.aborted) onAbort();
    // A renewal sends many requests under one signal.
    if (signal) setMaxListeners(0, signal);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.inFlight.add(ending);
    try {
      const raw = await attempt(
        { clock: this.clock, timeoutMs: timeout, signal: ending.signal, what: label(request) },
        async (inner) => {
          const token = await this.token.current();
          return await this.lanes[lane].send(
            request,
            token === undefined ? {} : { 'x-consul-token': token },
            inner,
          );
        },
      );
      return new Answer(raw, label(request), (text) => this.masked(text));
    } catch (error) {
      if (ending.signal.aborted || error instanceof RegistryRefusedError) throw error;
      const cause = error as Error;
      throw this.unavailable(cause instanceof DeadlineExceededError ? cause : connectionError(cause));
    } finally {
      this.inFlight.delete(ending);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private closedError(): ClosedError {
    return new ClosedError(`The connection to ${this.url}`);
  }

  /** Consul's own words never hold the token, but something in between might. */
  private masked(text: string): string {
    const { latest } = this.token;
    return latest === undefined ? text : text.replaceAll(latest, REDACTED);
  }
}

function label({ method, path }: ConsulRequest): string {
  return `${method} /v1${path}`;
}
