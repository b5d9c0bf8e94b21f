import { execFile } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeBinary, type NodeLine } from '../../../scripts/servers/node.mjs';
import { Instance } from './support.js';

const CLIENT = fileURLToPath(new URL('client-process.mjs', import.meta.url));

/** The lines of Node whose fetch can use the proxy of the environment. Up to 24 it opens a tunnel also for `http:`. */
const LINES: readonly NodeLine[] = [22, 24, 26];

describe('ServiceHttp.fetch with NODE_USE_ENV_PROXY', () => {
  let echo: Instance;
  let proxy: Instance;
  /** The addresses that the proxy was asked for. */
  let asked: string[];

  beforeAll(async () => {
    echo = await Instance.listen('echo', (request, response) => {
      response.end(JSON.stringify({ host: request.headers.host }));
    });
    const server = http.createServer(({ url, method, headers }, response) => {
      const { host, hostname, port, pathname } = new URL(url!);
      asked.push(host);
      const onward = http.request({ hostname, port, path: pathname, method, headers }, (answer) => {
        response.writeHead(answer.statusCode!);
        answer.pipe(response);
      });
      onward.end();
    });
    server.on('connect', ({ url }, client) => {
      asked.push(url!);
      const [host, port] = url!.split(':');
      const onward = net.connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [client, onward])
        socket.on('error', () => {
          client.destroy();
          onward.destroy();
        });
    });
    proxy = await Instance.listen('proxy', server);
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await proxy.close();
    await echo.close();
  });

  /** The `Host` that the server got. */
  async function hostBy(line: NodeLine, env: Readonly<Record<string, string>>): Promise<unknown> {
    const ports = JSON.stringify({ echo: echo.port, dead: 1, secure: 1, ca: '' });
    const { stdout } = await promisify(execFile)(await nodeBinary(line), [CLIENT, ports, 'namedPort'], {
      env: { ...process.env, NODE_USE_ENV_PROXY: '1', http_proxy: `http://127.0.0.1:${proxy.port}`, ...env },
      timeout: 120_000,
    });
    return JSON.parse(stdout);
  }

  it.each(LINES)('goes through the proxy to the address of the endpoint on Node %i', async (line) => {
    expect(await hostBy(line, { no_proxy: 'web' })).toEqual({ namedPort: 'web' });
    expect(asked).toEqual([`127.0.0.1:${echo.port}`]);
  });

  it.each(LINES)('goes directly to an address in NO_PROXY on Node %i', async (line) => {
    expect(await hostBy(line, { no_proxy: '127.0.0.1' })).toEqual({ namedPort: 'web' });
    expect(asked).toEqual([]);
  });
});
