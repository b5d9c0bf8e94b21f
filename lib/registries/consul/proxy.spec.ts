import { createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { ConnectProxy, withEnvironment } from '../../../test/harness/connect-proxy.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/logger.js';
import { consulFromUrl } from './url.js';

const { signal } = new AbortController();
const DEAD = 'http://127.0.0.1:2';

/** The error of a list from an agent that does not exist. */
async function failure(url: string): Promise<string> {
  const registry = await consulFromUrl(url).open({
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  try {
    const listing = registry.list({ kind: 'service', service: 'web' }, signal);
    return String(await listing.catch((error: unknown) => error));
  } finally {
    await registry.close();
  }
}

describe('ConsulRegistry with a proxy of the environment', () => {
  it('ignores the proxy by default', async () => {
    await withEnvironment({ http_proxy: DEAD, HTTP_PROXY: DEAD }, async () => {
      expect(await failure('consul://127.0.0.1:1')).not.toContain('proxy');
    });
  });

  it.each([
    ['consul', 'http_proxy'],
    ['consul', 'HTTP_PROXY'],
    ['consuls', 'https_proxy'],
    ['consuls', 'HTTPS_PROXY'],
  ])('names the proxy when %s:// uses %s and the proxy does not respond', async (scheme, name) => {
    await withEnvironment({ [name]: DEAD }, async () => {
      expect(await failure(`${scheme}://127.0.0.1:1?proxy=env`)).toContain(
        `the proxy ${DEAD} of the variable ${name}: connect ECONNREFUSED 127.0.0.1:2`,
      );
    });
    await withEnvironment({ [name]: DEAD, no_proxy: '127.0.0.1' }, async () => {
      expect(await failure(`${scheme}://127.0.0.1:1?proxy=env`)).not.toContain('proxy');
    });
  });

  it('names the proxy when a server behind it fails', async () => {
    const proxy = await ConnectProxy.start();
    const server = createServer((_, response) => response.writeHead(500).end('no leader')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await withEnvironment({ http_proxy: proxy.url }, async () => {
      const message = await failure(`consul://127.0.0.1:${port}?proxy=env`);
      expect(message).toContain('no leader');
      expect(message).toContain(`(through the proxy ${proxy.url} of the variable http_proxy)`);
      expect(proxy.asked).toContain(`127.0.0.1:${port}`);
    });
    server.close();
    server.closeAllConnections();
    await proxy.stop();
  });
});
