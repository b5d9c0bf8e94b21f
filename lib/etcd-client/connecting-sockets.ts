import { type Socket } from 'node:net';

/** Time that a socket of a closed connection has to complete its handshake before it is destroyed. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** gRPC's internal connector: performs the TLS handshake on a socket, or none for a plain one. */
interface Connector {
  connect(socket: Socket): Promise<unknown>;
}

interface Credentials {
  _createSecureConnector?: (...args: unknown[]) => Connector;
}

/**
 * The sockets of one connection whose handshake is not complete. gRPC sets no limit to the handshake and does not close
 * such sockets with the channel, so a server that accepts a connection and stays silent would keep the process alive.
 */
export class ConnectingSockets {
  /** Each socket, and whether its TLS handshake is complete. */
  private readonly sockets = new Map<Socket, boolean>();
  private released = false;

  /**
   * @param credentials gRPC's channel credentials, used by one connection only. With a version of gRPC that has no such
   *   connector, no socket is tracked.
   */
  constructor(credentials: unknown) {
    const own = credentials as Credentials | undefined;
    const create = own?._createSecureConnector?.bind(own);
    if (own && create) own._createSecureConnector = (...args) => this.track(create(...args));
  }

  /** Unreferences all sockets, and destroys those whose handshake does not complete in time. */
  release(): void {
    this.released = true;
    for (const socket of this.sockets.keys()) this.abandon(socket);
  }

  private track(connector: Connector): Connector {
    const connect = connector.connect.bind(connector);
    connector.connect = async (socket) => {
      this.sockets.set(socket, false);
      socket.once('close', () => this.sockets.delete(socket));
      if (this.released) this.abandon(socket);
      const made = await connect(socket);
      if (this.sockets.has(socket)) this.sockets.set(socket, true);
      return made;
    };
    return connector;
  }

  private abandon(socket: Socket): void {
    if (this.isEstablished(socket)) return;
    socket.unref();
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => {
      if (!this.isEstablished(socket)) socket.destroy();
    });
  }

  /** Whether the HTTP/2 connection is established: the first bytes of a server are its settings. */
  private isEstablished(socket: Socket): boolean {
    return this.sockets.get(socket) === true && socket.bytesRead > 0;
  }
}
