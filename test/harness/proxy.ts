import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type LinkMode, ProxyLink } from './proxy-link.js';
import { resetSocket } from './reset.js';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down' | 'both';

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly up: ProxyLink;
  readonly down: ProxyLink;
}

/** The traffic of a proxy. */
export interface ProxyCounts {
  /** Connections accepted since the start. */
  readonly connections: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

const PASS: LinkMode = Object.freeze({ kind: 'pass' });

/** A TCP proxy on a loopback port, between a client under test and a server, that injects faults on command. */
export class TcpProxy {
  private readonly open = new Set<Connection>();
  private readonly counted = { connections: 0, bytesUp: 0, bytesDown: 0 };
  private modes: { up: LinkMode; down: LinkMode } = { up: PASS, down: PASS };
  private refusing = false;

  /** Called with every connection that is accepted, also where it is then reset. */
  onAccept: (() => void) | undefined;

  private constructor(
    private readonly listener: Server,
    private target: ProxyTarget,
  ) {
    listener.on('connection', (client: Socket) => this.accept(client));
  }

  /** Starts a proxy in front of a server: `await TcpProxy.to(member)`. */
  static async to(target: ProxyTarget): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(listener, { port: target.port, host: target.host ?? '127.0.0.1' });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ port: 0, host: '127.0.0.1' }, resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** `127.0.0.1:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  get counts(): ProxyCounts {
    return { ...this.counted };
  }

  /** Connections open now. */
  get openConnections(): number {
    return this.open.size;
  }

  /** Back to normal. Connections that lost bytes are reset; stalled bytes are delivered; refusing ends. */
  pass(direction: Direction = 'both'): void {
    this.refusing = false;
    this.setMode(PASS, direction);
    for (const connection of this.open)
      if (connection.up.tainted || connection.down.tainted) this.reset(connection);
  }

  /** Every byte arrives `ms` milliseconds late. */
  delay(ms: number, direction: Direction = 'both'): void {
    this.setMode({ kind: 'delay', ms }, direction);
  }

  /** Keeps bytes back until the mode changes; connections stay open, new ones are accepted. */
  stall(direction: Direction = 'both'): void {
    this.setMode({ kind: 'stall' }, direction);
  }

  /** Takes bytes and throws them away; connections stay open, new ones are accepted and never answered. */
  swallow(direction: Direction = 'both'): void {
    this.setMode({ kind: 'swallow' }, direction);
  }

  /**
   * Delivers to the server what {@link stall} kept back before {@link swallow}: requests that arrive late, and nothing
   * of what their clients said since.
   */
  release(): void {
    for (const { up } of this.open) up.release();
  }

  /** Resets every connection (RST), and every new one, until {@link pass}. */
  drop(): void {
    this.refusing = true;
    this.cut();
  }

  /** Resets every connection that is open now; new ones pass. */
  cut(): void {
    for (const connection of this.open) this.reset(connection);
  }

  /** Resets each connection that is open now once it has passed on `bytes` more in that direction. */
  cutAfter(bytes: number, direction: 'up' | 'down'): void {
    for (const connection of this.open) connection[direction].setBudget(bytes);
  }

  /** Sends new connections to another server. */
  retarget(target: ProxyTarget): void {
    this.target = { port: target.port, host: target.host ?? '127.0.0.1' };
  }

  /** Resets everything and stops listening. */
  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.listener.close(() => resolve());
    });
  }

  private setMode(mode: LinkMode, direction: Direction): void {
    if (direction !== 'down') this.modes.up = mode;
    if (direction !== 'up') this.modes.down = mode;
    for (const { up, down } of this.open) {
      if (direction !== 'down') up.setMode(mode);
      if (direction !== 'up') down.setMode(mode);
    }
  }

  private accept(client: Socket): void {
    this.counted.connections++;
    this.onAccept?.();
    client.on('error', () => undefined);
    if (this.refusing) {
      resetSocket(client);
      return;
    }
    const server = connect({
      port: this.target.port,
      host: this.target.host ?? '127.0.0.1',
      allowHalfOpen: true,
    });
    client.setNoDelay(true);
    server.setNoDelay(true);
    const cut = (): void => this.reset(connection);
    const up = new ProxyLink(
      client,
      server,
      this.modes.up,
      (bytes) => (this.counted.bytesUp += bytes.length),
      cut,
    );
    const down = new ProxyLink(
      server,
      client,
      this.modes.down,
      (bytes) => (this.counted.bytesDown += bytes.length),
      cut,
    );
    const connection: Connection = { client, server, up, down };
    this.open.add(connection);
    // A side that breaks breaks the other: what reaches the client is a reset, as without the proxy.
    for (const socket of [client, server]) {
      socket.on('error', cut);
      socket.on('close', () => {
        if (client.destroyed && server.destroyed) this.forget(connection);
      });
    }
  }

  private reset(connection: Connection): void {
    this.forget(connection);
    resetSocket(connection.client);
    resetSocket(connection.server);
  }

  private forget(connection: Connection): void {
    this.open.delete(connection);
    connection.up.stop();
    connection.down.stop();
  }
}
