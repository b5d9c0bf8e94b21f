import { type Clock } from '../common/clock.js';
import { type Connect, type EtcdConnection } from './connection.js';
import { type EndpointError } from './errors/endpoint.error.js';
import { type EtcdTls } from './tls.js';

/** Milliseconds by which a deadline on the wire comes before this client's own. */
export const WIRE_MARGIN_MS = 10;

/** The connections of a client, one an endpoint. A connection that has failed is retired: the next call makes another. */
export class ConnectionPool {
  private readonly connections = new Map<string, EtcdConnection>();
  /** When each connection was made or gave a sign of life. */
  private readonly lastSeenAt = new WeakMap<EtcdConnection, number>();

  /** @param timeoutMs how long an endpoint may take to answer */
  constructor(
    private readonly connect: Connect,
    private readonly tls: EtcdTls | undefined,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** The connection to an endpoint, where there is one. */
  existing(endpoint: string): EtcdConnection | undefined {
    return this.connections.get(endpoint);
  }

  /** The connection to an endpoint; makes one where there is none. */
  get(endpoint: string): EtcdConnection {
    const known = this.connections.get(endpoint);
    if (known) return known;
    const connection = this.connect(endpoint);
    this.connections.set(endpoint, connection);
    this.touch(connection);
    return connection;
  }

  /** Whether a connection shows the certificates as they are now. */
  isCurrent(connection: EtcdConnection): boolean {
    return connection.certificates === this.tls?.identity.current;
  }

  /** The server has given a sign of life. */
  touch(connection: EtcdConnection): void {
    this.lastSeenAt.set(connection, this.clock.now());
  }

  /** What the server itself says against serving is no fault of the connection. */
  retireAfter({ reason }: EndpointError, connection: EtcdConnection): void {
    if (!reason.startsWith('etcdserver:')) this.retire(connection);
  }

  /**
   * A connection on which nothing was heard for as long as one endpoint may take is dead. One answer that is late, or a
   * connection that is slow to come up, is only slow: a new one would be slower, and make it so for every request.
   */
  retireSilent(connection: EtcdConnection): void {
    const heard = this.lastSeenAt.get(connection) ?? -Infinity;
    if (this.clock.now() - heard >= this.timeoutMs - 2 * WIRE_MARGIN_MS) this.retire(connection);
  }

  /** Closes a connection, unless another has taken its place already. */
  retire(connection: EtcdConnection): void {
    if (this.connections.get(connection.endpoint) !== connection) return;
    this.connections.delete(connection.endpoint);
    connection.close();
  }

  /** Retires the connections to every endpoint but these. */
  keepOnly(endpoints: readonly string[]): void {
    for (const connection of [...this.connections.values()])
      if (!endpoints.includes(connection.endpoint)) this.retire(connection);
  }
}
