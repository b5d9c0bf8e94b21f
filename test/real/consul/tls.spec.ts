import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { type ConsulOptions } from '../../../lib/registries/consul/index.js';
import { consulFromUrl } from '../../../lib/registries/consul/url.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { createTlsSet, type TlsSet } from '../../harness/certificates.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { ConnectProxy, withEnvironment } from '../../harness/connect-proxy.js';
import { ids, instance, never, open, service } from './support.js';

let tls: TlsSet;
let agent: ConsulAgent;
beforeAll(async () => {
  tls = await createTlsSet({ mutual: true });
  agent = await startConsul({ tls: tls.harness });
});
afterAll(async () => {
  await agent.stop();
  await tls.remove();
});

async function failure(options: ConsulOptions): Promise<string> {
  const registry = await open(agent, options);
  const error: unknown = await registry.list(service('web'), never()).catch((thrown: unknown) => thrown);
  await registry.close();
  expect(error).toBeInstanceOf(RegistryUnavailableError);
  return (error as Error).message;
}

describe('Consul over TLS', () => {
  it('connects with a CA and a client certificate, by options and by URL', async () => {
    const { ca, cert, key } = tls.good;
    const registry = await open(agent, { tls: { ca: ca, cert: cert!, key: key! } });
    const held = await registry.openSession({ ttl: 10 }, never());
    await held.write(instance({}), undefined, never());
    const { clientFiles } = tls.harness;
    const query = new URLSearchParams(clientFiles).toString();
    const byUrl = await consulFromUrl(`consuls://127.0.0.1:${agent.port}?${query}`).open({
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    expect(await ids(byUrl, 'web')).toEqual(['web-1']);
    await byUrl.close();
    await held.end(never());
    await registry.close();
  });

  it('connects through the proxy of the environment with `proxy: env`', async () => {
    const proxy = await ConnectProxy.start();
    await withEnvironment({ https_proxy: proxy.url }, async () => {
      const { ca, cert, key } = tls.good;
      const registry = await open(agent, { tls: { ca, cert: cert!, key: key! }, proxy: 'env' });
      expect(await ids(registry, 'web')).toEqual([]);
      expect(proxy.asked).toContain(`127.0.0.1:${agent.port}`);
      await registry.close();
    });
    await proxy.stop();
  });

  it('verifies by default, and names the problem of the certificate', async () => {
    expect(await failure({ secure: true })).toMatch(
      /issued by an authority that is not trusted: set `tls.ca` to that authority/,
    );
    expect(await failure({ tls: { ca: tls.wrong.ca } })).toMatch(/not trusted|signature/);
    const { ca, cert, key } = tls.good;
    expect(await failure({ tls: { ca: ca, cert: cert!, key: key!, serverName: 'other.example' } })).toMatch(
      /for another name/,
    );
  });

  it('does not verify with `verify: false`, and warns', async () => {
    const { cert, key } = tls.good;
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const registry = await open(agent, { tls: { cert: cert!, key: key!, verify: false } }, logger);
    expect(warnings).toEqual([expect.stringContaining('is not verified')]);
    expect(await ids(registry, 'web')).toEqual([]);
    await registry.close();
  });

  it('reports an expired server certificate', async () => {
    const old = await createTlsSet({ serverExpired: true });
    const { cert, key } = old.harness.server;
    const server = createServer({ cert: await readFile(cert), key: await readFile(key) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await failure({ port, tls: { ca: old.good.ca } })).toMatch(/certificate has expired/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
      await old.remove();
    }
  });

  it('is rejected without a client certificate, and without TLS', async () => {
    expect(await failure({ tls: { ca: tls.anonymous.ca } })).toMatch(
      /client certificate|certificate required|alert/,
    );
    const plain = await open(agent, { secure: false });
    await expect(plain.list(service('web'), never())).rejects.toThrow(/HTTPS server/);
    await plain.close();
  });

  it('fails when a certificate cannot be read, before anything is sent', async () => {
    await expect(open(agent, { tls: { ca: '/nowhere/ca.pem' } })).rejects.toThrow(
      /Expected `tls.ca` to be PEM or the path of a PEM file, but: ENOENT/,
    );
  });
});
