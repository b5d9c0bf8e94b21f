import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { type Clock } from '../../kernel/clock.js';
import { abortReason, attempt } from '../../kernel/deadline.js';
import {
  ClosedError,
  DeadlineExceededError,
  RegistryRefusedError,
  RegistryUnavailableError,
} from '../../kernel/errors/index.js';
import { REDACTED } from '../../kernel/redact.js';
import { tlsFailure } from '../../tls/tls-failure.js';
import { Answer } from './answer.js';
import { connectionError } from './failure.js';
import { neededRight } from './needed-right.js';
import { consulUrl, endpointOf, type ConsulSettings } from './options.js';
import { fixedToken, TokenFile, type TokenSource } from './token.js';
import { type ConsulRequest, openTransport, type Transport } from './transport.js';

/** How one call is bounded. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Milliseconds; the connection's `timeout` by default. */
  readonly timeout?: number;
}

/**
 * Connections for ordinary calls. With those of the watches they stay well under the 200 that a Consul agent admits
 * from one address by default; beyond, it cuts connections.
 */
const CALL_SOCKETS = 32;

const REFUSALS = new Set([400, 401, 403, 405, 413]);

/** Consul's HTTP API: every call has a deadline, every answer is checked, every failure is an error of the library. */
export class ConsulClient {
  readonly url: string;
  readonly endpoint: string;
  /** What ends each request that is under way. */
  private readonly inFlight = new Set<AbortController>();
  private closed = false;

  constructor(
    readonly settings: ConsulSettings,
    private readonly clock: Clock,
    private readonly token: TokenSource,
    private readonly calls: Transport,
    private readonly watches: Transport,
  ) {
    this.url = consulUrl(settings);
    this.endpoint = endpointOf(settings);
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
    // Watches hold their connections for seconds: calls must never queue behind them.
    const calls = await openTransport(settings, CALL_SOCKETS);
    const watches = await openTransport(settings, Infinity);
    return new ConsulClient(settings, clock, token, calls, watches);
  }

  /**
   * One request and its answer, whatever its status.
   *
   * @throws RegistryUnavailableError when nothing answers within the deadline, or the connection fails
   * @throws the signal's reason when the caller aborts
   */
  async send(request: ConsulRequest, options: CallOptions): Promise<Answer> {
    const answer = await this.sendOnce(request, options, this.calls);
    // A refusal means that nothing was done, so that asking again with a newer token is safe.
    if (answer.status === 403 && (await this.token.renew()))
      return await this.sendOnce(request, options, this.calls);
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

  /** A blocking query: like {@link call}, on connections of its own. 404 is an answer here. */
  async block(request: ConsulRequest, options: CallOptions): Promise<Answer> {
    const answer = await this.sendOnce(request, options, this.watches);
    if (answer.status === 403) await this.token.renew();
    if (!answer.ok && answer.status !== 404) throw this.failure(request, answer);
    return answer;
  }

  /** What an answer that is no success means. */
  failure(request: ConsulRequest, answer: Answer): RegistryRefusedError | RegistryUnavailableError {
    const said = answer.text === '' ? `status ${answer.status}` : `${answer.text} (status ${answer.status})`;
    const notTls = answer.status === 400 && tlsFailure(answer.text, undefined, undefined);
    if (notTls) return this.unavailable(notTls);
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
    return new RegistryUnavailableError(this.url, [{ endpoint: this.endpoint, error }], { cause: error });
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
    this.calls.close();
    this.watches.close();
  }

  /** What a debugger or a log shows of it: nothing that its settings hold. */
  [inspect.custom](): string {
    return `ConsulClient <${this.url}>`;
  }

  private async sendOnce(
    request: ConsulRequest,
    { signal, timeout = this.settings.timeout }: CallOptions,
    transport: Transport,
  ): Promise<Answer> {
    if (this.closed) throw this.closedError();
    const ending = new AbortController();
    // A renewal sends many requests under one signal.
    setMaxListeners(0, signal);
    const onAbort = (): void => {
      ending.abort(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.inFlight.add(ending);
    try {
      const raw = await attempt(
        { clock: this.clock, timeout, signal: ending.signal, what: label(request) },
        async (inner) => {
          const token = await this.token.current();
          return await transport.send(request, token === undefined ? {} : { 'x-consul-token': token }, inner);
        },
      );
      return new Answer(raw, label(request), (text) => this.masked(text));
    } catch (error) {
      if (ending.signal.aborted || error instanceof RegistryRefusedError) throw error;
      const cause = error as Error;
      throw this.unavailable(cause instanceof DeadlineExceededError ? cause : connectionError(cause));
    } finally {
      this.inFlight.delete(ending);
      signal.removeEventListener('abort', onAbort);
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
