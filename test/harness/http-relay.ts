import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** An answer of the relay in place of the server's. */
export interface RelayAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Looks at a request and answers it, or leaves it to the server behind. */
export type Interceptor = (request: IncomingMessage) => RelayAnswer | undefined;

/** An HTTP server on a loopback port in front of another: it counts requests, and can answer them by itself. */
export class HttpRelay {
  /** Requests since the start. */
  count = 0;
  private interceptor: Interceptor = () => undefined;
  private readonly agent = new http.Agent({ keepAlive: true });

  private constructor(
    private readonly server: http.Server,
    private readonly target: { readonly port: number },
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.take(request, response),
    );
  }

  /** Starts a relay in front of a server on a loopback port. */
  static async to(target: { readonly port: number }): Promise<HttpRelay> {
    const server = http.createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: 0, host: '127.0.0.1' }, resolve);
    });
    return new HttpRelay(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Breaks every connection that is open now, requests that wait for their answer included. */
  cut(): void {
    this.server.closeAllConnections();
  }

  /** From now on this is asked first. */
  intercept(interceptor: Interceptor): void {
    this.interceptor = interceptor;
  }

  /** Passes everything on again. */
  pass(): void {
    this.interceptor = () => undefined;
  }

  /** Resets what is open and stops listening. */
  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.count += 1;
    const answer = this.interceptor(request);
    if (answer) {
      request.resume();
      response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    const onward = http.request({
      host: '127.0.0.1',
      port: this.target.port,
      agent: this.agent,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.headers,
    });
    onward.on('response', (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
      answered.on('error', () => response.destroy());
    });
    // A server that is gone looks from here as it would without the relay.
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }
}
