import { type Endpoint, isSamePlace } from '../discovery/endpoint.js';
import { type SocketListener } from './endpoint-client.js';
import { type ConnectionDeps, type EndpointConnection } from './endpoint-connection.js';

/** Makes the connection of an endpoint. */
export type ConnectionFactory = (
  endpoint: Endpoint,
  hooks: Pick<ConnectionDeps, 'onChange' | 'onClosed'>,
) => EndpointConnection;

/** The connections to the instances of a service, one for each. */
export class EndpointConnections {
  private readonly current = new Map<string, EndpointConnection>();
  /** Connections to instances that are no longer listed, with messages that are not answered. */
  private readonly retired = new Set<EndpointConnection>();

  /** @param onChange called when a connection opens or ends */
  constructor(
    private readonly make: ConnectionFactory,
    private readonly onChange: () => void,
  ) {}

  /** The connections on which a message can be sent. */
  get ready(): readonly EndpointConnection[] {
    return [...this.current.values()].filter(({ ready }) => ready !== undefined);
  }

  /** Whether a message can be sent on one of them. */
  get anyReady(): boolean {
    for (const { ready } of this.current.values()) if (ready) return true;
    return false;
  }

  /** The connection to an endpoint, not necessarily open. */
  of(endpoint: Endpoint): EndpointConnection {
    const known = this.current.get(endpoint.id);
    if (known && isSameTarget(known.endpoint, endpoint)) return known;
    if (known) this.retire(known);
    const connection = this.make(endpoint, {
      onChange: this.onChange,
      onClosed: () => {
        this.retired.delete(connection);
      },
    });
    this.current.set(endpoint.id, connection);
    return connection;
  }

  /**
   * Follows a list: the connections to endpoints that are not in it are retired.
   *
   * @param expired ids of endpoints whose connections are closed at once
   */
  follow(endpoints: readonly Endpoint[], expired: ReadonlySet<string>): void {
    const listed = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, connection] of this.current) {
      const endpoint = listed.get(id);
      if (endpoint && isSameTarget(connection.endpoint, endpoint)) continue;
      if (expired.has(id)) {
        this.current.delete(id);
        connection.close('expired');
      } else this.retire(connection);
    }
  }

  /** Adds a listener to the sockets, also to those that are not connected yet. */
  listen(listener: SocketListener): void {
    for (const connection of this.current.values()) connection.listen(listener);
  }

  /** Closes all connections. Messages without an answer fail. */
  close(): void {
    const all = [...this.current.values(), ...this.retired];
    this.current.clear();
    for (const connection of all) connection.close('client-closed');
  }

  private retire(connection: EndpointConnection): void {
    this.current.delete(connection.endpoint.id);
    this.retired.add(connection);
    connection.retire();
  }
}

/** Whether a connection to one endpoint is a connection to the other. */
function isSameTarget(one: Endpoint, other: Endpoint): boolean {
  return one === other || (isSamePlace(one, other) && samePorts(one, other));
}

function samePorts({ ports: one }: Endpoint, { ports: other }: Endpoint): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
