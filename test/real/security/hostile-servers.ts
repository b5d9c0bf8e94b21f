import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';

/**
 * Two servers that send back what they receive: `echo` over HTTP, with a status and a body that differ from request to
 * request, as a proxy does that shows its errors; `noise` as raw bytes.
 */
export class HostileServers {
  private constructor(
    private readonly echo: Server,
    private readonly noise: TcpServer,
  ) {}

  static async start(): Promise<HostileServers> {
    const servers = new HostileServers(echoServer(), noiseServer());
    await Promise.all(
      [servers.echo, servers.noise].map(
        async (server) => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
      ),
    );
    return servers;
  }

  get echoPort(): number {
    return (this.echo.address() as AddressInfo).port;
  }

  get noisePort(): number {
    return (this.noise.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.echo.closeAllConnections();
    await Promise.all(
      [this.echo, this.noise].map(async (server) => await new Promise((resolve) => server.close(resolve))),
    );
  }
}

function echoServer(): Server {
  let turn = 0;
  return createServer((request, response) => {
    const seen = JSON.stringify({ url: request.url, headers: request.headers });
    const shapes: readonly (readonly [number, string])[] = [
      [500, seen],
      [403, seen],
      [400, seen],
      [200, `<html>${seen}`],
      [200, seen],
      [200, JSON.stringify(seen)],
    ];
    const [status, body] = shapes[(turn += 1) % shapes.length]!;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
}

function noiseServer(): TcpServer {
  return createTcpServer((socket) => {
    socket.on('data', (data: Buffer) => socket.end(`HTTP/1.1 400 ${data.toString('latin1')}\r\n\r\n`));
    socket.on('error', () => undefined);
  });
}
