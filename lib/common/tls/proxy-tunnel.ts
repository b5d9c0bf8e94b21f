import { type AgentOptions, type ClientRequest, Agent as HttpAgent, request } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions, type RequestOptions } from 'node:https';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { joinHostPort } from '../address.js';
import { type EnvProxy } from '../env-proxy.js';

/** How long a proxy may take to open a tunnel. */
const TUNNEL_TIMEOUT_MS = 10_000;

/** Opens tunnels to one server through an HTTP proxy, by the `CONNECT` method. */
export class ProxyTunnel {
  private readonly opening = new Set<ClientRequest>();
  private closed = false;

  constructor(
    private readonly proxy: EnvProxy,
    private readonly target: { readonly host: string; readonly port: number },
  ) {}

  /**
   * Opens a socket to the server.
   *
   * @throws Error that names the proxy, when it cannot be reached or refuses the tunnel
   */
  async open(): Promise<Socket> {
    const { host, port, credentials, label } = this.proxy;
    const place = joinHostPort(this.target.host, this.target.port);
    const fail = (why: string, cause?: Error): Error => new Error(`${label}: ${why}`, { cause });
    return await new Promise<Socket>((resolve, reject) => {
      if (this.closed) {
        reject(fail('the connection was closed'));
        return;
      }
      const connect = request({
        host,
        port,
        method: 'CONNECT',
        path: place,
        agent: false,
        timeout: TUNNEL_TIMEOUT_MS,
        headers: {
          host: place,
          ...(credentials !== undefined && {
            'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
          }),
        },
      });
      this.opening.add(connect);
      connect.once('close', () => this.opening.delete(connect));
      connect.once('connect', ({ statusCode }, socket: Socket, head) => {
        this.opening.delete(connect);
        if (statusCode !== 200) {
          socket.destroy();
          reject(fail(`answered CONNECT ${place} with HTTP status ${String(statusCode)}`));
          return;
        }
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      connect.once('response', ({ statusCode }) => {
        connect.destroy();
        reject(fail(`answered CONNECT ${place} with HTTP status ${String(statusCode)}`));
      });
      connect.on('timeout', () => connect.destroy(new Error(`no tunnel within ${TUNNEL_TIMEOUT_MS} ms`)));
      connect.on('error', (error) => {
        reject(fail(error.message === '' ? error.name : error.message, error));
      });
      connect.end();
    });
  }

  /** Aborts pending tunnels and refuses new ones. Open sockets stay open: they belong to the callers. */
  close(): void {
    this.closed = true;
    for (const connect of this.opening) connect.destroy(new Error('the connection was closed'));
  }
}

type OnConnected = (error: Error | null, socket: Duplex) => void;

/** An HTTP agent that connects through a tunnel. Destroying the agent closes the tunnel. */
export class TunnelAgent extends HttpAgent {
  constructor(
    options: AgentOptions,
    private readonly tunnel: ProxyTunnel,
  ) {
    super(options);
  }

  override createConnection(_options: object, onConnected: OnConnected = () => undefined): undefined {
    this.tunnel.open().then(
      (socket) => {
        onConnected(null, socket);
      },
      (error: unknown) => {
        onConnected(error as Error, undefined as unknown as Duplex);
      },
    );
  }

  override destroy(): void {
    this.tunnel.close();
    super.destroy();
  }
}

/** A {@link TunnelAgent} that uses TLS with the server behind the proxy. */
export class SecureTunnelAgent extends HttpsAgent {
  constructor(
    options: HttpsAgentOptions,
    private readonly tunnel: ProxyTunnel,
  ) {
    super(options);
  }

  override createConnection(options: RequestOptions, onConnected: OnConnected = () => undefined): undefined {
    this.tunnel.open().then(
      (socket) => {
        const secured = super.createConnection({ ...options, socket } as RequestOptions);
        if (secured) onConnected(null, secured);
      },
      (error: unknown) => {
        onConnected(error as Error, undefined as unknown as Duplex);
      },
    );
  }

  override destroy(): void {
    this.tunnel.close();
    super.destroy();
  }
}
