import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { ConnectProxy } from '../../../test/harness/connect-proxy.js';
import { envProxy } from '../env-proxy.js';
import { ProxyTunnel, TunnelAgent } from './proxy-tunnel.js';

describe('ProxyTunnel', () => {
  let proxy: ConnectProxy;
  beforeEach(async () => {
    proxy = await ConnectProxy.start();
  });
  afterEach(async () => {
    await proxy.stop();
  });

  function tunnelTo(port: number, url = proxy.url): ProxyTunnel {
    const target = { host: '127.0.0.1', port };
    const found = envProxy({ proxy: ['p'], direct: [] }, target, { p: url });
    return new ProxyTunnel(found!, target);
  }

  it('transports the requests of an agent', async () => {
    const server = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const agent = new TunnelAgent({}, tunnelTo(port));
    const [response] = (await once(get({ host: '127.0.0.1', port, agent }), 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('served');
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
    agent.destroy();
    server.close();
  });

  it('names the proxy, without its credentials, when it refuses the tunnel', async () => {
    proxy.status = 403;
    const secret = proxy.url.replace('http://', 'http://user:canary@');
    await expect(tunnelTo(9, secret).open()).rejects.toThrow(
      `the proxy ${proxy.url} of the variable p: answered CONNECT 127.0.0.1:9 with HTTP status 403`,
    );
  });

  it('names the proxy when it cannot be reached', async () => {
    await expect(tunnelTo(9, 'http://127.0.0.1:1').open()).rejects.toThrow(
      'the proxy http://127.0.0.1:1 of the variable p: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('aborts a pending tunnel on close', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const tunnel = tunnelTo(9, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const asked = once(silent, 'connect') as Promise<[IncomingMessage, Socket]>;
    const opening = tunnel.open();
    const [, socket] = await asked;
    tunnel.close();
    await expect(opening).rejects.toThrow('the connection was closed');
    await expect(tunnel.open()).rejects.toThrow('the connection was closed');
    socket.destroy();
    silent.close();
  });
});
