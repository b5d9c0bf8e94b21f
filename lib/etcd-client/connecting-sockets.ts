import { type Socket } from 'node:net';

/** Milliseconds a socket of a connection that was left has to come to something. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** What gRPC has a connected socket made secure with, or left as it is. */
interface Connector {
  connect(socket: Socket): Promise<unknown>;
}

interface Credentials {
  _createSecureConnector?: (...args: unknown[]) => Connector;
}

/**
 * The sockets over which gRPC is not at one with its server yet. It sets no limit to that and does not let go of them
 * when the channel is closed: a server that takes a connection and says nothing would keep the process alive.
 */
export class ConnectingSockets {
  /** Each with whether it is past TLS, where there is any. */
  private readonly sockets = new Map<Socket, boolean>();
  private released = false;

  /** @param credentials those of one connection alone; of a version that makes its connections otherwise nothing is seen */
  constructor(credentials: unknown) {
    const own = credentials as Credentials | undefined;
    const create = own?._createSecureConnector?.bind(own);
    if (own && create) own._createSecureConnector = (...args) => this.watched(create(...args));
  }

  /** From now on none of them keeps the process alive, and none stays that comes to nothing. */
  release(): void {
    this.released = true;
    for (const socket of this.sockets.keys()) this.abandon(socket);
  }

  private watched(connector: Connector): Connector {
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
    if (this.works(socket)) return;
    socket.unref();
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => {
      if (!this.works(socket)) socket.destroy();
    });
  }

  /** The first that a server says is its settings. */
  private works(socket: Socket): boolean {
    return this.sockets.get(socket) === true && socket.bytesRead > 0;
  }
}
