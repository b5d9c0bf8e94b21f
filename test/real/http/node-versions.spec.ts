import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
import { NODE_RELEASES, nodeBinary, type NodeLine } from '../../../scripts/servers/node.mjs';
import { CertificateAuthority } from '../../harness/certificates.js';
import { Instance } from './support.js';

const CLIENT = fileURLToPath(new URL('client-process.mjs', import.meta.url));

/** Answers with what arrived. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url, headers, method } = request;
  if (url === '/mute') return;
  if (url === '/hints') response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  if (url === '/redirect') response.writeHead(302, { location: '/redirected' });
  if (url === '/away') response.writeHead(302, { location: 'http://localhost/' });
  let bytes = 0;
  request.on('data', (chunk: Buffer) => (bytes += chunk.length));
  request.on('end', () => {
    const servername = (request.socket as Partial<TLSSocket> & { servername?: string }).servername;
    const host = headers.host ?? headers[':authority'];
    const version = url === '/http2' ? request.httpVersion : undefined;
    response.end(JSON.stringify({ url, host, method, bytes, servername, version }));
  });
}

let echo: Instance;
let secure: Instance;
let sockets: WebSocketServer;
let ca: string;
let dead: number;

beforeAll(async () => {
  const server = createServer(answer);
  sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { headers }) => {
    socket.on('message', (data: Buffer) => socket.send(`${data.toString()} ${headers.host}`));
  });
  echo = await Instance.listen('echo', server);
  const gone = await Instance.listen('gone', answer);
  dead = gone.port;
  await gone.close();
  const issuer = CertificateAuthority.create('test');
  ca = issuer.pem;
  const { cert, key } = issuer.issue({ commonName: 'web.internal', hosts: ['web.internal'] });
  secure = await Instance.listen(
    'secure',
    createSecureServer({ cert, key, allowHTTP1: true }, answer as never),
  );
});

afterAll(async () => {
  sockets.close();
  await echo.close();
  await secure.close();
});

describe.each(Object.keys(NODE_RELEASES).map(Number) as NodeLine[])('the client on Node %i', (line) => {
  it('sends requests through the dispatcher of that release', async () => {
    const ports = JSON.stringify({ echo: echo.port, dead, secure: secure.port, ca });
    const { stdout } = await promisify(execFile)(await nodeBinary(line), [CLIENT, ports], {
      timeout: 120_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      get: { url: '/path?q', host: 'web', method: 'GET', bytes: 0 },
      post: 100_000,
      namedPort: 'web',
      failover: 'all bytes arrived',
      redirect: '/redirected',
      unknownRedirect: 'SIDEKICK_UNKNOWN_SERVICE',
      unknown: 'SIDEKICK_UNKNOWN_SERVICE',
      abort: 'AbortError',
      timeout: 'SIDEKICK_DEADLINE_EXCEEDED',
      informational: '/hints',
      dispatcher: 'web',
      dispatcherUnknown: ['TypeError', 'SIDEKICK_UNKNOWN_SERVICE'],
      undici: [200, 'half'],
      interceptor: 'web',
      secure: ['web.internal', 'web.internal'],
      http2: ['2.0', 'web.internal', 100_000],
      webSocket: line === 20 ? 'no WebSocket in this Node' : 'hello web',
    });
  });
});
