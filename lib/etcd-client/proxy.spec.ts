import { jest } from '@jest/globals';
import { withEnvironment } from '../../test/harness/connect-proxy.js';
import { EtcdClient } from './etcd-client.js';

// Neither a server nor a proxy listens at these ports.
const ENDPOINT = 'http://127.0.0.1:1';
const PROXY = 'http://127.0.0.1:2';

async function failure(options: { proxy?: 'env' }): Promise<string> {
  const client = await EtcdClient.create({ endpoints: ENDPOINT, ...options });
  try {
    return String(await client.keys.get('/a').catch((error: unknown) => error));
  } finally {
    await client.close();
  }
}

// gRPC reports the proxy in this reason as well.
beforeEach(() => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(['grpc_proxy', 'https_proxy', 'http_proxy'])('the variable %s', (name) => {
  it('is ignored by default', async () => {
    await withEnvironment({ [name]: PROXY }, async () => {
      const message = await failure({});
      expect(message).toContain(`${ENDPOINT}: connect ECONNREFUSED 127.0.0.1:1`);
      expect(message).not.toContain('proxy');
    });
  });

  it('is used with `proxy: env`, and messages name the proxy', async () => {
    await withEnvironment({ [name]: PROXY }, async () => {
      expect(await failure({ proxy: 'env' })).toMatch(
        new RegExp(`${ENDPOINT}: .+ \\(through the proxy ${PROXY} of the variable ${name}\\)`),
      );
      const client = await EtcdClient.create({ endpoints: ENDPOINT, proxy: 'env' });
      await expect(client.version()).rejects.toThrow(
        `the proxy ${PROXY} of the variable ${name}: connect ECONNREFUSED`,
      );
      await client.close();
    });
  });

  it('is not used for a host of no_proxy', async () => {
    await withEnvironment({ [name]: PROXY, no_proxy: '127.0.0.0/8' }, async () => {
      expect(await failure({ proxy: 'env' })).not.toContain('proxy');
    });
  });
});

it('refuses any `proxy` but `env`', async () => {
  await expect(EtcdClient.create({ endpoints: ENDPOINT, proxy: 'on' as never })).rejects.toThrow(
    'Expected `proxy` to be "env" or left out, got "on".',
  );
});
