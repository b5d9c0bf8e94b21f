import { type AbortScope } from '../common/async/abort-scope.js';
import { type Clock } from '../common/clock.js';
import { WIRE_MARGIN_MS } from './call-options.js';
import { type Connect, type EtcdConnection } from './connection.js';
import { type EndpointError } from './errors/endpoint.error.js';
import { type EtcdTls } from './tls.js';

/** How a {@link ConnectionPool} makes and judges its connections. */
export interface ConnectionPoolOptions {
  readonly connect: Connect;
  readonly tls: EtcdTls | undefined;
  readonly clock: Clock;
  /** The client's lifetime: no connection is made after its end. */
  readonly scope: AbortScope;
  /** Milliseconds that an endpoint may take to answer. */
  readonly timeoutMs: number;
}

/** The connections of a client, one per endpoint. A failed connection is retired, and the next call makes another. */
export class ConnectionPool {
  private readonly connections = new Map<string, EtcdConnection>();
  /** When each connection was made or last gave a sign of life. */
  private readonly lastSeenAt = new WeakMap<EtcdConnection, number>();

  constructor(private readonly options: ConnectionPoolOptions) {}

  /** The connection to an endpoint; undefined when there is none. */
  existing(endpoint: string): EtcdConnection | undefined {
    return this.connections.get(endpoint);
  }

  /** The connection to an endpoint; makes one when there is none. */
  get(endpoint: string): EtcdConnection {
    const existing = this.connections.get(endpoint);
    if (existing) return existing;
    const connection = this.options.connect(endpoint);
    this.connections.set(endpoint, connection);
    this.touch(connection);
    return connection;
  }

  /**
   * A connection that uses the current certificates: reads changed files first, and retires a connection with older
   * ones.
   *
   * @param timeoutMs Milliseconds that reading may take at most.
   * @throws ClosedError when the client has been closed
   */
  async getCurrent(endpoint: string, timeoutMs?: number): Promise<EtcdConnection> {
    await this.refreshCertificates(timeoutMs);
    const existing = this.existing(endpoint);
    if (existing && !this.isCurrent(existing)) this.retire(existing);
    return this.get(endpoint);
  }

  /**
   * Reads certificate files that have changed.
   *
   * @param timeoutMs Milliseconds that it may take at most.
   * @throws ClosedError when the client has been closed
   */
  async refreshCertificates(timeoutMs?: number): Promise<void> {
    await this.options.tls?.identity.refresh(timeoutMs);
    this.options.scope.assertOpen();
  }

  /** Whether a connection was made with the current certificates. */
  isCurrent(connection: EtcdConnection): boolean {
    return connection.certificates === this.options.tls?.identity.current;
  }

  /** Records a sign of life of the server. */
  touch(connection: EtcdConnection): void {
    this.lastSeenAt.set(connection, this.options.clock.now());
  }

  /** Retires a connection that has failed. A refusal by etcd itself is not a fault of the connection. */
  retireAfter({ reason }: EndpointError, connection: EtcdConnection): void {
    if (!reason.startsWith('etcdserver:')) this.retire(connection);
  }

  /**
   * Retires a connection without any sign of life for as long as one endpoint may take. A connection with a single late
   * response, or one that is slow to connect, stays: a new one would be slower still, and delay every request.
   */
  retireSilent(connection: EtcdConnection): void {
    const { clock, timeoutMs } = this.options;
    const lastSeenAt = this.lastSeenAt.get(connection) ?? -Infinity;
    if (clock.now() - lastSeenAt >= timeoutMs - 2 * WIRE_MARGIN_MS) this.retire(connection);
  }

  /** Closes a connection, unless another has replaced it already. */
  retire(connection: EtcdConnection): void {
    if (this.connections.get(connection.endpoint) !== connection) return;
    this.connections.delete(connection.endpoint);
    connection.close();
  }

  /** Retires the connections to all other endpoints. */
  keepOnly(endpoints: readonly string[]): void {
    for (const connection of [...this.connections.values()])
      if (!endpoints.includes(connection.endpoint)) this.retire(connection);
  }
}
