import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy on a loopback port that opens tunnels (`CONNECT`), or refuses to. */
export class ConnectProxy {
  /** Where the tunnels led that were asked for, in order. */
  readonly asked: string[] = [];
  /** The status it answers with; 200 opens the tunnel. */
  status = 200;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connect', (request, client: Socket, head: Buffer) => {
      this.asked.push(request.url ?? '');
      this.own(client);
      if (this.status !== 200) {
        client.end(`HTTP/1.1 ${this.status} No\r\n\r\n`);
        return;
      }
      const [host, port] = (request.url ?? '').split(':');
      const server = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.write(head);
        client.pipe(server).pipe(client);
      });
      this.own(server);
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
    });
  }

  static async start(): Promise<ConnectProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ConnectProxy(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resets every tunnel and stops listening. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private own(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Runs `work` with these variables in the environment, and without any other that names a proxy. */
export async function withEnvironment(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  const names = Object.keys(process.env).filter((name) => /_proxy$/i.test(name));
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  for (const name of names) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
}
