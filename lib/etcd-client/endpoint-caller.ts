import { abortReason, withSignals } from '../common/async/abort.js';
import { attempt } from '../common/async/deadline.js';
import { DeadlineExceededError, TlsError } from '../common/errors/index.js';
import { callOptions, wireDeadline } from './call-options.js';
import { classify } from './classify.js';
import { type EtcdConnection, throughProxy } from './connection.js';
import { type EndpointContext } from './endpoint-context.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdRequest } from './request.js';

/**
 * A timeout that fires this long after its deadline shows a blocked event loop: a timely response may still be unread,
 * so the endpoint is not blamed.
 */
const MAX_TIMER_DELAY_MS = 250;

/** The result of a request at one endpoint, or the fault of that endpoint. `late`: its deadline passed without a response. */
export type CallOutcome<T> =
  { result: T; error?: never; late?: never } | { result?: never; error: EndpointError; late: boolean };

/** Makes requests at one endpoint, each with a deadline, and reports what they show of the endpoint. */
export class EndpointCaller {
  constructor(private readonly context: EndpointContext) {}

  /**
   * Makes one request at `endpoint`.
   *
   * @returns the result, or the error for which another endpoint may be tried
   * @throws the reason of `signal` when it is aborted
   * @throws EtcdResponseError when the cluster answered with a refusal
   * @throws ClosedError when the client is closed
   * @throws what `request.run` throws of its own
   */
  async call<T>(
    endpoint: string,
    given: EtcdRequest<T>,
    signal: AbortSignal | undefined,
  ): Promise<CallOutcome<T>> {
    const { pool } = this.context;
    const existing = pool.existing(endpoint);
    const [connection, request] = existing ? [existing, given] : await this.connect(endpoint, given);
    const outcome = await this.callUnlessBlocked(connection, request, signal);
    if (!(outcome.error?.cause instanceof TlsError)) return outcome;
    // Certificates may have been replaced since this connection was made.
    await pool.refreshCertificates();
    if (pool.isCurrent(connection)) return outcome;
    return await this.callOver(pool.get(endpoint), request, signal);
  }

  /** The current connection, and the request with what is left of its deadline after the certificates are read. */
  private async connect<T>(
    endpoint: string,
    request: EtcdRequest<T>,
  ): Promise<[EtcdConnection, EtcdRequest<T>]> {
    const { clock, pool } = this.context;
    const { timeoutMs = this.context.timeoutMs } = request;
    const startedAt = clock.now();
    const connection = await pool.getCurrent(endpoint, timeoutMs / 2);
    // At most the half that reading may take: the rest may be a blocked event loop.
    const waitedMs = Math.floor(Math.min(clock.now() - startedAt, timeoutMs / 2));
    return [connection, waitedMs === 0 ? request : { ...request, timeoutMs: timeoutMs - waitedMs }];
  }

  /**
   * Makes a request once more whose deadline has passed while this process did not run: neither the endpoint nor the
   * response could be seen. One that must not be repeated fails.
   */
  private async callUnlessBlocked<T>(
    connection: EtcdConnection,
    request: EtcdRequest<T>,
    signal: AbortSignal | undefined,
  ): Promise<CallOutcome<T>> {
    const { clock, pool, timeoutMs } = this.context;
    const blockedAt = clock.now() + (request.timeoutMs ?? timeoutMs) + MAX_TIMER_DELAY_MS;
    const outcome = await this.callOver(connection, request, signal);
    if (!outcome.late || clock.now() < blockedAt) return outcome;
    if (request.oneShot === true && !outcome.error.unsent) return outcome;
    return await this.callOver(pool.get(connection.endpoint), request, signal);
  }

  private async callOver<T>(
    connection: EtcdConnection,
    request: EtcdRequest<T>,
    signal: AbortSignal | undefined,
  ): Promise<CallOutcome<T>> {
    const { clock, scope, pool, selection, reconnect } = this.context;
    const { endpoint } = connection;
    const deadline = clock.now() + (request.timeoutMs ?? this.context.timeoutMs);
    let sent = false;
    try {
      const result = await withSignals([signal, scope.signal], async (linked) =>
        this.attempt(connection, request, linked, () => {
          sent = true;
        }),
      );
      return { result };
    } catch (error) {
      if (signal?.aborted) {
        const reason = abortReason(signal);
        // A deadline of the caller shows as much about the endpoint as the client's own.
        if (reason instanceof DeadlineExceededError) selection.failed(endpoint);
        throw reason;
      }
      scope.assertOpen();
      if (error instanceof EndpointError) return { error, late: false };
      const { kind, unsent, late, status, reason, cause } = classify(error);
      if (kind === 'foreign') throw error;
      if (kind !== 'endpoint') {
        reconnect.attemptSucceeded();
        throw new EtcdResponseError(endpoint, reason, status, error);
      }
      const failure = new EndpointError(endpoint, throughProxy(connection, reason), unsent || !sent, cause);
      if (!late) pool.retireAfter(failure, connection);
      else if (clock.now() < deadline + MAX_TIMER_DELAY_MS) pool.retireSilent(connection);
      return { error: failure, late };
    }
  }

  private async attempt<T>(
    connection: EtcdConnection,
    request: EtcdRequest<T>,
    signal: AbortSignal,
    onSend: () => void,
  ): Promise<T> {
    const { clock, pool, tokens, hasCredentials } = this.context;
    const { requireLeader = true, timeoutMs = this.context.timeoutMs } = request;
    return await attempt({ clock, timeoutMs, signal, what: request.what }, async (ended) => {
      const deadline = wireDeadline(clock, timeoutMs);
      const onSignOfLife = (): void => pool.touch(connection);
      for (let renewed = false; ; renewed = true) {
        const token = await tokens.get(connection.endpoint, ended);
        onSend();
        try {
          const options = callOptions({ token, requireLeader, deadline, signal: ended, onSignOfLife });
          return await request.run(connection, options, ended);
        } catch (error) {
          if (renewed || !hasCredentials || classify(error).kind !== 'token') throw error;
          tokens.invalidate(token);
        }
      }
    });
  }
}
