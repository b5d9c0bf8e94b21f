import { callOptions } from './call-options.js';
import { classify } from './classify.js';
import { type EtcdConnection, throughProxy } from './connection.js';
import { type EndpointContext } from './endpoint-context.js';
import { EndpointError } from './errors/endpoint.error.js';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type DuplexCall, EtcdStream, type StreamPlan } from './stream.js';

/** Opens the streams of a client, and ends them with it. */
export class StreamOpener {
  private readonly streams = new Set<{ close(): void }>();

  constructor(private readonly context: EndpointContext) {}

  /**
   * Opens a stream at `endpoint`.
   *
   * @throws EndpointError when the endpoint fails
   * @throws EtcdResponseError when the cluster refuses the login
   * @throws ClosedError when the client has been closed
   */
  async open<Q, A>(endpoint: string, plan: StreamPlan<Q, A>): Promise<EtcdStream<Q>> {
    const { scope, pool, tokens, selection, hasCredentials } = this.context;
    scope.assertOpen();
    const token = await this.token(endpoint);
    const connection = await pool.getCurrent(endpoint);
    const options = callOptions({
      token,
      requireLeader: true,
      deadline: undefined,
      // Ends the call with the client. A stream that is closed earlier cancels its call itself.
      signal: scope.signal,
      onSignOfLife: () => {
        pool.touch(connection);
      },
    });
    const call = await this.start(connection, async () => await plan.open(connection, options));
    const stream = new EtcdStream<Q>(endpoint, call as DuplexCall<Q, never>, {
      canRenewToken: hasCredentials,
      isStale: () => !tokens.isCurrent(token),
      describe: (reason) => throughProxy(connection, reason),
      onClose: () => {
        this.streams.delete(stream);
      },
      onFailure: (error, kind) => {
        if (kind === 'endpoint' || kind === 'silent') selection.failed(endpoint);
        if (kind === 'token') tokens.invalidate(token);
        if (kind === 'endpoint' && error instanceof EndpointError) pool.retireAfter(error, connection);
        if (kind === 'silent') pool.retireSilent(connection);
        plan.onEnd(error);
      },
    });
    this.streams.add(stream);
    call.on('data', (message) => {
      if (this.streams.has(stream)) plan.onMessage(message);
    });
    return stream;
  }

  /** Closes every stream. Their owners are not called. */
  closeAll(): void {
    for (const stream of [...this.streams]) stream.close();
  }

  private async start<T>(connection: EtcdConnection, start: () => Promise<T>): Promise<T> {
    const { scope, pool } = this.context;
    try {
      return await start();
    } catch (error) {
      scope.assertOpen();
      const { kind, reason, unsent, cause } = classify(error);
      if (kind === 'foreign') throw error;
      const failure = new EndpointError(connection.endpoint, throughProxy(connection, reason), unsent, cause);
      pool.retireAfter(failure, connection);
      throw failure;
    }
  }

  private async token(endpoint: string): Promise<string | undefined> {
    const { scope, tokens, selection } = this.context;
    try {
      return await tokens.get(endpoint, scope.signal);
    } catch (error) {
      scope.assertOpen();
      const { kind, reason, status, cause } = classify(error);
      if (kind === 'foreign') throw error;
      if (kind === 'answer') throw new EtcdResponseError(endpoint, reason, status, error);
      selection.failed(endpoint);
      throw new EndpointError(endpoint, reason, true, cause);
    }
  }
}
